"""Degree words: 有点 → 非常 makes a feeling stronger, 非常 → 有点 weaker."""

from __future__ import annotations

import random
import re

STRONG = ("非常", "特别", "极其", "超级", "实在太", "十分")
_WEAK = re.compile("有一点|有点儿|有点|稍微|略微|有些")
_STRONG = re.compile("非常|特别|极其|超级|实在太|十分|太|很")
# 太 and 很 stand in other words too.
_KEEP = re.compile("太太|太阳|不太|太平|太原|不很|特别是|分别|级别|十分钟")


def strengthen(text: str, rng: random.Random) -> str:
    """Weak degree words become strong ones."""
    return _WEAK.sub(lambda found: rng.choice(STRONG), text)


def weaken(text: str, rng: random.Random) -> str:
    """Strong degree words become 有点; unchanged where one is part of another word."""
    return text if _KEEP.search(text) else _STRONG.sub("有点", text)
