"""Vehicle licence plates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xinyi.text.personal.spans import Match

# GA 36-2018: province, letter (no I, O), five characters; new-energy plates have six, a letter first or last.
_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


def _plate(letter: str, energy: str) -> str:
    char = f"[{letter}0-9]"
    return (
        rf"[{letter}][·• .-]?(?:[{energy}]{char}[0-9]{{4}}|[0-9]{{5}}[{energy}]"
        rf"|{char}{{4}}(?:[挂学警港澳]|{char}))(?=ETC|etc|[^0-9A-Za-z]|$)"
    )


_PLATE = re.compile(f"[{_PROVINCE}](?:{_plate('A-HJ-NP-Z', 'ABCDEFGHJK')}|{_plate('a-hj-np-z', 'abcdefghjk')})")
_MIN_DIGITS = 2


def find_plates(view: str) -> Iterator[Match]:
    """Yield plates, all upper or all lower case; at least two digits, or 新 + a model name would match."""
    for match in _PLATE.finditer(view):
        digits = sum(c.isdigit() for c in match.group())
        # 新, 青, 云 and 贵 also are words before a model name (新k30pro), which has fewer digits than a plate.
        if digits >= (_MIN_DIGITS if match.group()[0] not in "新青云贵" else _MIN_DIGITS + 1):
            yield (match.start(), match.end(), "plate")
