"""拼音缩写: words by the first letters of their pinyin, as the young write them (yyds, xswl)."""

from __future__ import annotations

import random

from xinyi.text.perturb.replacing import replace_words

SHORT: dict[str, str | tuple[str, ...]] = {
    "永远的神": "yyds", "笑死我了": "xswl", "有一说一": "u1s1", "对不起": "dbq", "不懂就问": "bdjw",
    "真情实感": "zqsg", "你说得对": "nsdd", "你说的对": "nsdd", "太厉害了": "tql", "谢谢": ("xx", "3q"),
    "不知道": "bzd", "不好意思": "bhys", "不要脸": "bylm", "什么鬼": "smg", "怎么办": "zmb", "是不是": "sbs",
    "有没有": "ymy", "没关系": "mgx", "小姐姐": "xjj", "小哥哥": "xgg", "客服": "kf", "快递": "kd", "退款": "tk",
    "微信": "vx", "支付宝": "zfb", "朋友圈": "pyq", "评论": "pl", "老铁": "lt", "垃圾": "lj", "骗子": "pz",
    "无语": "wy", "感谢": "gx", "哈哈哈": "hhh", "哈哈": "hh", "生日快乐": "srkl", "加油": "jy", "身份证": "sfz",
    "手机": "sj", "啊我死了": "awsl", "绝绝子": "jjz", "姐妹们": "jms", "家人们": "jrm", "无所谓": "wsw",
    "没有": "my", "不可能": "bkn", "笑死": "xs", "气死我了": "qswl", "烦死了": "fsl", "裂开": "lk",
}  # fmt: skip


def abbreviate(text: str, rng: random.Random) -> str:
    """Up to two words as abbreviations; the meaning stays."""
    return replace_words(text, SHORT, rng, most=2)
