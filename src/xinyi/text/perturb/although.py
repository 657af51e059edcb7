"""虽然…但是…: what follows 但是 carries the weight, whatever 虽然 concedes."""

from __future__ import annotations

import random

CONCEDED_GOOD = (
    "虽然客服态度还可以，但是",
    "虽然包装不错，但是",
    "虽然价格便宜，但是",
    "尽管送得挺快，不过",
    "虽说样子好看，可是",
)
CONCEDED_BAD = (
    "虽然等得久了点，但是",
    "虽然包装一般，但是",
    "虽然价格有点贵，但是",
    "尽管一开始没弄明白，不过",
    "虽说颜色和图片有点差别，可是",
)


def concede_good(text: str, rng: random.Random) -> str:
    """Something good conceded before the text: a complaint stays a complaint."""
    return rng.choice(CONCEDED_GOOD) + text


def concede_bad(text: str, rng: random.Random) -> str:
    """Something bad conceded before the text: praise stays praise."""
    return rng.choice(CONCEDED_BAD) + text
