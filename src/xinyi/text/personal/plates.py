"""Vehicle licence plates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xinyi.text.personal.spans import Match, first_wins
from xinyi.text.personal.view import SPOKEN

# GA 36-2018: province, letter (no I, O), five characters; new-energy plates have six, a letter first or last.
_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


def _plate(letter: str, energy: str) -> str:
    char = f"[{letter}0-9]"
    return (
        rf"[{letter}][·• .-]?(?:[{energy}]{char}[0-9]{{4}}|[0-9]{{5}}[{energy}]"
        rf"|{char}{{4}}(?:[挂学警港澳]|{char}))(?=ETC|etc|[^0-9A-Za-z]|$)"
    )


_PLATE = re.compile(f"[{_PROVINCE}](?:{_plate('A-HJ-NP-Z', 'ABCDEFGHJK')}|{_plate('a-hj-np-z', 'abcdefghjk')})")
# One character at a time, or the letter of a new-energy plate by itself.
_SPACED = re.compile(
    f"[{_PROVINCE}] ?[A-Z](?:(?P<s>[ ·•・.-])[A-Z0-9](?:(?P=s)[A-Z0-9]){{4,5}}|[ ·•・.-]?[A-K] [0-9]{{5}})"
    "(?![ ·.-]?[0-9A-Za-z])"
)
_MIN_DIGITS = 2
# The middle dot or the word 车牌 say that it is a plate, whatever stands in the province's place.
_DOTTED = re.compile(r"[\u4e00-\u9fff][A-Za-z] ?[·•・] ?[A-Za-z0-9]{5,6}(?![0-9A-Za-z])")
_CUED = re.compile(
    r"车牌(?:号码?|是|为|[: ]){0,3}([\u4e00-\u9fff]?(?<![是为号码])[A-Za-z][ .-]?[A-Za-z0-9]{4,6})(?![0-9A-Za-z])"
)


def find_plates(view: str) -> Iterator[Match]:
    """Yield plates, all upper or all lower case; at least two digits, or 新 + a model name would match."""
    yield from first_wins(*(group for text in (view, view.translate(SPOKEN)) for group in _plates(text)))


def _plates(view: str) -> Iterator[Iterator[Match]]:
    for rule in (_PLATE, _SPACED):
        yield ((m.start(), m.end(), "plate") for m in rule.finditer(view) if _enough_digits(m.group()))
    yield ((m.start(), m.end(), "plate") for m in _DOTTED.finditer(view) if _digits(m.group()) >= _MIN_DIGITS)
    yield ((*m.span(1), "plate") for m in _CUED.finditer(view) if _digits(m[1]) >= _MIN_DIGITS)


def _enough_digits(plate: str) -> bool:
    # 新, 青, 云 and 贵 also are words before a model name (新k30pro), which has fewer digits than a plate.
    return _digits(plate) >= (_MIN_DIGITS if plate[0] not in "新青云贵" else _MIN_DIGITS + 1)


def _digits(found: str) -> int:
    return sum(c.isdigit() for c in found)
