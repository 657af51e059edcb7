"""Double negation: 好 → 不是不好, 必须 → 不能不. The meaning stays, a little weaker."""

from __future__ import annotations

import random

from xinyi.text.perturb.negation import find_praise, without_degree

TWICE = {
    "必须": "不能不",
    "一定要": "不能不",
    "都知道": "没有人不知道",
    "都说": "没有一个人不说",
    "都喜欢": "没有人不喜欢",
}


def double_negate(text: str, rng: random.Random) -> str:
    """One statement denied twice; unchanged where no rule applies."""
    for plain, twice in TWICE.items():
        if plain in text:
            return text.replace(plain, twice, 1)
    place = find_praise(text)
    if place is None:
        return text
    return f"{without_degree(text[:place])}不是不{text[place:]}"
