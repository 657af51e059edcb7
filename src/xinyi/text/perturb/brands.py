"""Other brands in the place of those named: an answer that changes judges the brand and not the message."""

from __future__ import annotations

import random

from xinyi.text.perturb.replacing import swap

GROUPS = (
    ("华为", "小米", "苹果", "三星", "荣耀", "联想", "魅族"),
    ("美的", "格力", "海尔", "海信", "奥克斯"),
    ("淘宝", "京东", "拼多多", "唯品会", "当当"),
    ("顺丰", "中通", "圆通", "申通", "韵达", "极兔"),
    ("移动", "联通", "电信"),
    ("微信", "支付宝", "云闪付"),
    ("滴滴", "高德", "曹操出行"),
    ("美团", "饿了么"),
    ("工商银行", "建设银行", "农业银行", "招商银行", "交通银行"),
    ("比亚迪", "特斯拉", "蔚来", "理想", "小鹏", "吉利", "长安"),
    ("肯德基", "麦当劳", "德克士"),
    ("星巴克", "瑞幸", "库迪"),
)


def swap_brand(text: str, rng: random.Random) -> str:
    """Every brand named becomes another of its trade."""
    return swap(text, GROUPS, rng)
