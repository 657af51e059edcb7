"""Rhetorical questions: they ask nothing, they accuse."""

from __future__ import annotations

import random

from xinyi.text.perturb.replacing import append

ACCUSING = (
    "你们就是这样服务的？",
    "这就是你们的服务态度？",
    "难道我的时间就不是时间吗？",
    "你们觉得这合理吗？",
    "这种东西也好意思卖？",
    "有你们这么做生意的吗？",
)


def accuse(text: str, rng: random.Random) -> str:
    """An accusing question put after the text."""
    return append(text, rng.choice(ACCUSING))
