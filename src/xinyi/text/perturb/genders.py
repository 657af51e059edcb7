"""The other gender: 他 and 她, 先生 and 女士, 儿子 and 女儿."""

from __future__ import annotations

import random

from xinyi.text.perturb.replacing import replace_words

PAIRS = (
    ("他", "她"), ("先生", "女士"), ("男客服", "女客服"), ("儿子", "女儿"), ("爸爸", "妈妈"), ("老爸", "老妈"),
    ("父亲", "母亲"), ("爷爷", "奶奶"), ("老公", "老婆"), ("丈夫", "妻子"), ("男朋友", "女朋友"), ("哥哥", "姐姐"),
    ("弟弟", "妹妹"), ("小哥", "小妹"), ("叔叔", "阿姨"), ("帅哥", "美女"), ("男孩", "女孩"), ("男生", "女生"),
    ("大叔", "大妈"), ("小伙子", "小姑娘"),
)  # fmt: skip
OTHER = {word: other for pair in PAIRS for word, other in (pair, pair[::-1])}
# 其他 is no he.
KEPT = {"其他": "其他", "他们": "她们", "她们": "他们", "吉他": "吉他"}


def swap_gender(text: str, rng: random.Random) -> str:
    """Every word for one gender becomes that for the other."""
    return replace_words(text, {**OTHER, **KEPT}, rng)
