"""Marks of sarcasm: praise in quotes, 呵呵, [微笑], 真是谢谢你们了."""

from __future__ import annotations

import random
import re

from xinyi.text.perturb.replacing import append

ENDINGS = ("呵呵", "真是谢谢你们了[微笑]", "可真行啊", "佩服佩服[拜拜]", "真是“高效”呢", "我谢谢您嘞")
_PRAISE = re.compile("好评|优质|贴心|高效|负责|专业|用心|周到|优秀|满意|方便")


def mock(text: str, rng: random.Random) -> str:
    """An ending that mocks; where the text praises, the praise is put in quotes as well."""
    quoted = _PRAISE.sub(lambda found: f"“{found[0]}”", text, count=1)
    return append(quoted, rng.choice(ENDINGS))
