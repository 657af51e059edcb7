"""Typos by shape: characters that look alike, as hand-writing input and tired eyes confuse them."""

from __future__ import annotations

import random

from xinyi.text.perturb.replacing import replace_words

GROUPS = (
    "己已巳", "未末", "士土", "日曰", "人入", "贝见", "拔拨", "辩辨", "折拆", "侯候", "货贷", "天夭", "大太",
    "快块", "换唤", "钱线", "服报", "客容", "问间", "买卖", "退追", "坏环", "理埋", "收妆", "治冶", "请清", "情清",
    "晴睛", "侍待", "特持", "很狠", "差羞", "怒努", "失矢", "千干", "白自", "申由", "今令", "免兔", "鸟乌", "刀力",
    "历厉", "竟竞", "部陪", "赔陪", "话活", "住往", "手毛", "牛午", "斤斥", "厂广", "玉主", "王主", "木本", "休体",
    "味昧", "没设", "设没", "洒酒", "析折", "暑署", "欢次", "炒抄", "抢枪", "度席", "帐怅", "账胀", "质盾", "量置",
    "态志", "单草", "费资", "通遇", "进近", "还这", "要耍", "看着", "真直", "等笨", "送迭", "消悄", "损捐", "票栗",
    "微徽",
)  # fmt: skip
LOOKS_LIKE: dict[str, tuple[str, ...]] = {}
for _group in GROUPS:
    for _character in _group:
        others = tuple(other for other in _group if other != _character)
        LOOKS_LIKE[_character] = (*LOOKS_LIKE.get(_character, ()), *others)


def mistype(text: str, rng: random.Random) -> str:
    """One or two characters replaced by ones that look alike; the meaning stays for who reads on."""
    return replace_words(text, LOOKS_LIKE, rng, most=1 if len(text) < 12 else 2)
