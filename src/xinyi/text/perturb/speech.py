"""Slips of speech recognition: no punctuation, filler words, the wrong one of two homophones."""

from __future__ import annotations

import random
import re

from xinyi.text.perturb.punctuation import drop
from xinyi.text.perturb.replacing import replace_words

FILLERS = ("嗯", "呃", "那个", "就是", "就是说", "然后", "这个", "啊", "怎么说呢", "对吧")
HEARD: dict[str, str | tuple[str, ...]] = {
    "的": "得", "在": "再", "做": "作", "他": "她", "账": "帐", "已": "以", "记": "计", "订": "定", "份": "分",
    "座": "坐", "带": "戴", "身份": "身分", "登录": "登陆", "工单": "公单", "扣费": "扣废", "费用": "废用",
    "发票": "发飘", "充值": "冲值", "公司": "公私", "宽带": "宽待", "流量": "留量", "话费": "花费", "套餐": "套参",
    "故障": "固障", "师傅": "师父", "权益": "全意", "会员": "汇员", "包裹": "包果", "物流": "物留", "地址": "地支",
    "运费": "孕费", "赔偿": "陪偿", "投诉": "头诉", "升级": "声级", "续费": "需费", "押金": "压金", "退订": "退定",
    "余额": "鱼额",
}  # fmt: skip
_CLAUSE = re.compile(r"[，。！？；,!?;\s]+")


def unpunctuated(text: str, rng: random.Random) -> str:
    """All punctuation gone, clauses run together, as a recogniser without a punctuation model writes."""
    return drop(text, rng).replace(" ", "")


def with_fillers(text: str, rng: random.Random) -> str:
    """A filler word before up to three clauses."""
    starts = [0, *(found.end() for found in _CLAUSE.finditer(text) if found.end() < len(text))]
    chosen = sorted(rng.sample(starts, min(len(starts), rng.randint(1, 3))), reverse=True)
    for start in chosen:
        text = f"{text[:start]}{rng.choice(FILLERS)}{text[start:]}"
    return text


def misheard(text: str, rng: random.Random) -> str:
    """Up to two words confused with a homophone; the punctuation goes too."""
    other = replace_words(text, HEARD, rng, most=2)
    return text if other == text else unpunctuated(other, rng)
