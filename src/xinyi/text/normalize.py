"""Text normalisation, version 2: the same visible message always becomes the same string.

Order of the steps (each relies on the ones before it):

1. surrogate pairs become one character, lone surrogates go (the result can always be encoded as UTF-8);
2. invisible characters go; a zero-width joiner stays only inside an emoji sequence;
3. runs of combining marks are cut, then NFKC, with normal Chinese full-width punctuation kept;
4. white space becomes single spaces, one line, stripped;
5. elongations are capped at three;
6. web addresses and @names become ``[网址]`` and ``[用户名]`` (see :mod:`xinyi.text.links`), but in e-mail addresses.
"""

from __future__ import annotations

import re
import unicodedata

from xinyi.text.links import replace_links

NORMALIZER_VERSION = "2"

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LONE = re.compile("[\ud800-\udfff]")

# Controls (except white space), soft hyphen, format and bidirectional marks, BOM, Hangul fillers, variation
# selectors, object replacement, tag characters and private use.  Variation selectors (VS15, VS16, ideographic)
# are always dropped: keyboards disagree on sending them, and ❤ with and without VS16 is the same message.
# Unassigned code points stay: a newer emoji is unassigned for an older Python.
INVISIBLE = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc"
    "\ue000-\uf8ff\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)
_INVISIBLE = re.compile(f"[{INVISIBLE}]")

# Emoji that may stand next to a joiner; all of them are untouched by NFKC, so the decision is stable.
_JOINABLE = "\u2194\u2195\u2600-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff"
_STRAY_JOINER = re.compile(f"(?<![{_JOINABLE}])\u200d|\u200d(?![{_JOINABLE}])")

# Kept out of NFKC: full-width punctuation that is normal Chinese writing, the ellipsis, and emoji that NFKC
# would spell out (㊗ ㊙ and the squared ideographs).
_KEPT = re.compile("([！？，；：（）…㊗㊙\U0001f200-\U0001f265]+)")

# Everything in here has combining class 0 and no decomposition into marks: most messages take the quick way.
_PLAIN = re.compile("[\t-\r -\u02ff\u2000-\u206f\u3000-\u3029\u3105-\u312f\u4e00-\u9fff\uff01-\uff5e]*")
_MARK_LIMIT = 8

_SPACE = re.compile(r"\s+")

# Digits never shrink (10000), nor do Chinese digits (a phone number read out loud may hold 零零零零), nor the
# square brackets that delimit placeholders and weibo emoticons.
_ELONGATED = re.compile(r"([^\d\[\]〇零洞幺一二三四五六七拐八九勾])\1{3,}")


def normalize(text: str) -> str:
    """Return the one-line normal form of ``text``.

    In: any string.  Out: a string without control or invisible characters that encodes as UTF-8; applying the
    function again changes nothing.  Raises nothing.  Sources: Unicode UAX #15 (NFKC), UTS #51 (emoji).
    """
    text = _drop_invisible(_join_surrogates(text))
    text = _compatible(_cut_mark_runs(text))
    text = _SPACE.sub(" ", text).strip()
    text = _ELONGATED.sub(r"\1\1\1", text)
    return replace_links(text)


def _join_surrogates(text: str) -> str:
    text = _PAIR.sub(lambda m: m.group().encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return _LONE.sub("", text)


def _drop_invisible(text: str) -> str:
    text = _INVISIBLE.sub("", text)
    return _STRAY_JOINER.sub("", text)


def _compatible(text: str) -> str:
    """NFKC on everything between the kept characters (they are starters, so the pieces do not interact)."""
    if text.isascii():
        return text
    pieces = _KEPT.split(text)
    pieces[::2] = [unicodedata.normalize("NFKC", piece) for piece in pieces[::2]]
    return "".join(pieces)


def _cut_mark_runs(text: str) -> str:
    """Keep at most eight combining marks in a row.

    Canonical ordering in CPython is an insertion sort over each run of marks, quadratic on hostile input;
    UAX #15 bounds such runs at 30 (stream-safe text), no language needs more than a handful.
    """
    if _PLAIN.fullmatch(text):
        return text
    out: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if _is_mark(char) else 0
        if run <= _MARK_LIMIT:
            out.append(char)
    return "".join(out)


def _is_mark(char: str) -> bool:
    if unicodedata.combining(char):
        return True
    # Half-width voicing marks and a few Tibetan vowels turn into marks only under decomposition.
    return bool(unicodedata.combining(unicodedata.normalize("NFKD", char)[0]))
