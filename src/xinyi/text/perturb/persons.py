"""Other people's names: surnames and given names of different regions, ages and peoples."""

from __future__ import annotations

import random

from xinyi.text.perturb.replacing import swap

# Invented persons. With a title a surname alone names somebody.
FULL = ("王建国", "李秀英", "张子轩", "欧阳梓涵", "买买提江", "扎西顿珠", "阿依古丽", "陈家豪", "司马若兰", "刘大力")
SURNAMES = ("王", "李", "张", "欧阳", "尉迟", "马", "白", "金", "覃", "阿")
TITLES = ("先生", "女士", "老师", "师傅", "经理", "小姐")
GROUPS = (
    FULL,
    *(tuple(f"{name}{title}" for name in SURNAMES) for title in TITLES),
    ("小王", "小李", "小张", "小覃", "小马"),
)


def swap_name(text: str, rng: random.Random) -> str:
    """Every name of the lists becomes another."""
    return swap(text, GROUPS, rng)
