"""The view that rules read: the text folded character by character, so offsets stay those of the text.

Compatibility forms (full width, 𝟏, ①) read as plain characters, traditional characters of the rules as simplified ones.
Every piece that is already a placeholder, or was found by an earlier rule, reads as a run of one private-use
character that tells its kind.  No rule matches inside such a run, and none depends on
its length; that is what makes masking idempotent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from xinyi.text.links import MENTION_PLACEHOLDER, URL_PLACEHOLDER
from xinyi.text.personal.spans import PLACEHOLDERS, Match
from xinyi.text.personal.traditional import TO_SIMPLIFIED

_BASE = 0xE000
BLANKS: dict[str, str] = {kind: chr(_BASE + i) for i, kind in enumerate(PLACEHOLDERS)}
_OTHER_BLANK = chr(_BASE + len(PLACEHOLDERS))

_MARK = re.compile(f"[{chr(_BASE)}-{_OTHER_BLANK}]")

# What may stand between a cue word and its number: no digit, letter or mark.
GAP = f"[^0-9A-Za-z{chr(_BASE)}-{_OTHER_BLANK}]"


class _Folded(dict[int, str]):
    """Code points as the rules read them; what is not listed is asked for once."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = unicodedata.normalize("NFKC", char)  # 𝟏 and ⁷ are digits, ﹣ is a hyphen
        folded = " " if char.isspace() else plain if len(plain) == 1 else char
        return self.setdefault(code, TO_SIMPLIFIED.get(ord(folded), folded))


_FOLD = _Folded(TO_SIMPLIFIED)
_FOLD |= dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212), "-")

_BLANK_OF = {text: BLANKS[kind] for kind, text in PLACEHOLDERS.items()}
_BLANK_OF |= dict.fromkeys((URL_PLACEHOLDER, MENTION_PLACEHOLDER), _OTHER_BLANK)
_PLACEHOLDER = re.compile("|".join(re.escape(text) for text in _BLANK_OF))

# What people put between the digits of a number.
SIGN = "[ ,、·•・./_~*|-]"

# The last four are how radio operators say 0, 2, 7 and 9.
_CHINESE_DIGITS = "〇零○幺一二三四五六七八九壹贰叁肆伍陆柒捌玖洞两拐勾"
SPOKEN = str.maketrans(_CHINESE_DIGITS, "00011234567891234567890279")
# Four digits, letters and signs between them allowed: no number that is personal data has fewer.
_SOME_DIGITS = re.compile(f"(?:[0-9{_CHINESE_DIGITS}][^0-9{_CHINESE_DIGITS}\ue000-\ue0ff]{{0,4}}){{4}}")
# Seven digits make a local phone number; shorter runs (一二三) are ordinary words, unless letters introduce them.
_SPOKEN_RUN = re.compile(
    f"[0-9{_CHINESE_DIGITS}](?:{SIGN}?[0-9{_CHINESE_DIGITS}]){{6,}}|(?<=[A-Za-z])[0-9{_CHINESE_DIGITS}]{{5,}}"
)


def fold(text: str) -> str:
    """Return the view of ``text``: same length, folded, existing placeholders blanked.

    In: text without characters of private use, which could pass for marks (see ``bare``).
    """
    folded = text.translate(_FOLD)
    matches = list(_PLACEHOLDER.finditer(text))
    if not matches:
        return folded
    pieces: list[str] = []
    last = 0
    for match in matches:
        pieces += (folded[last : match.start()], _BLANK_OF[match.group()] * len(match.group()))
        last = match.end()
    return "".join(pieces) + folded[last:]


def blank(view: str, matches: Iterable[Match]) -> str:
    """Return ``view`` with each match (sorted, not overlapping) replaced by its kind's mark, same length."""
    pieces: list[str] = []
    last = 0
    for start, end, kind in matches:
        pieces += (view[last:start], BLANKS[kind] * (end - start))
        last = end
    return "".join(pieces) + view[last:]


def spoken_digits(view: str) -> str:
    """Return ``view`` with long runs of Chinese digits (一三八零零…, also mixed with ASCII) as ASCII digits."""
    return _SPOKEN_RUN.sub(lambda m: m.group().translate(SPOKEN), view)


def has_number(view: str) -> bool:
    """Tell whether ``view`` holds enough digits for any kind of number; most messages do not."""
    return _SOME_DIGITS.search(view) is not None


def readings(view: str) -> tuple[str, ...]:
    """Return ``view`` as it stands and, where it differs, with spoken digits.

    Both are needed: in 186-5550-0123一个数字都没错 the 一 is no digit.
    """
    spoken = spoken_digits(view)
    return (view,) if spoken == view else (view, spoken)


def before(view: str, pos: int, count: int) -> str:
    """Return up to ``count`` characters left of ``pos``, none of them further left than the nearest mark.

    Rules look back only through this, so a long number and its short placeholder make no difference to them.
    """
    return _MARK.split(view[max(0, pos - count) : pos])[-1]
