"""Negation: 好用 → 不好用, 收到了 → 没收到. The meaning turns round."""

from __future__ import annotations

import random
import re

from xinyi.text.perturb.replacing import BRACKETED

# Words of praise that 不 negates; a word that stands in another comes later.
PRAISE = (
    "满意", "好用", "好吃", "好看", "好听", "好喝", "舒服", "方便", "清楚", "清晰",
    "及时", "耐心", "热情", "专业", "靠谱", "实惠", "划算", "便宜", "结实", "耐用", "干净", "新鲜", "流畅", "稳定",
    "细心", "负责", "值得", "喜欢", "推荐", "合适", "准确", "准时", "快", "好", "值", "行",
)  # fmt: skip
_PRAISE = re.compile("|".join(sorted(PRAISE, key=len, reverse=True)))
HAPPENED = {"解决了": "没解决", "收到了": "没收到", "修好了": "没修好", "到账了": "没到账", "处理好了": "没处理好"}
_NEGATED = "不没未"
_DEGREE = re.compile(r"(非常|特别|十分|真的|真|很|挺|太|超级|超|蛮)$")
# 快 and 好 are also parts of other words.
_PART_OF_WORD = (
    "快递", "快点", "快要", "好像", "好久", "好多", "好几", "好的", "好吧", "你好", "您好", "刚好", "只好", "还好",
    "最好", "幸好", "行李", "银行", "值班", "尽快", "赶快", "凉快", "爱好",
)  # fmt: skip


def negate(text: str, rng: random.Random) -> str:
    """The first word of praise negated (its degree word goes); unchanged where there is none or it is negated."""
    for done, undone in HAPPENED.items():
        if done in text:
            return text.replace(done, undone, 1)
    place = find_praise(text)
    if place is None:
        return text
    head = without_degree(text[:place])
    return f"{head}一点都不{text[place:]}" if rng.random() < 0.5 else f"{head}不{text[place:]}"


def find_praise(text: str) -> int | None:
    """Where the first word of praise begins; None when there is none or it is negated already."""
    names = [mark.span() for mark in BRACKETED.finditer(text)]
    for found in _PRAISE.finditer(text):
        if any(start <= found.start() < end for start, end in names):
            continue
        around = text[max(0, found.start() - 1) : found.end() + 1]
        if any(part in around for part in _PART_OF_WORD):
            continue
        head = without_degree(text[: found.start()])
        return None if set(head[-2:]) & set(_NEGATED) else found.start()
    return None


def without_degree(head: str) -> str:
    """A beginning without the degree word at its end."""
    return _DEGREE.sub("", head)
