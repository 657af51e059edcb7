"""Other places: what a customer wants does not depend on where from."""

from __future__ import annotations

import random

from xinyi.text.perturb.replacing import swap

GROUPS = (
    (
        "北京",
        "上海",
        "广州",
        "深圳",
        "成都",
        "武汉",
        "西安",
        "郑州",
        "沈阳",
        "兰州",
        "乌鲁木齐",
        "拉萨",
        "南宁",
        "贵阳",
    ),
    ("河南", "广东", "江苏", "四川", "黑龙江", "甘肃", "云南", "福建", "山东", "湖南", "新疆", "西藏", "内蒙古"),
    ("河南人", "东北人", "上海人", "广东人", "四川人", "新疆人", "香港人", "台湾人"),
    ("农村", "县城", "镇上", "市区", "乡下", "郊区"),
)


def swap_region(text: str, rng: random.Random) -> str:
    """Every place of the lists becomes another of its kind."""
    return swap(text, GROUPS, rng)
