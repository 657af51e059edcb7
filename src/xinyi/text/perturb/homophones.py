"""Homophones and near-homophones: what people write in fun (辣鸡, 桑心) and what they mistype or mishear."""

from __future__ import annotations

import random

from xinyi.text.perturb.replacing import replace_words

FUN: dict[str, str | tuple[str, ...]] = {
    "垃圾": ("辣鸡", "拉圾", "乐色"), "伤心": "桑心", "难受": "蓝瘦", "想哭": "香菇", "非常": "灰常",
    "没有": "木有", "什么": ("神马", "啥子"), "喜欢": ("稀饭", "喜翻"), "这样子": "酱紫", "同学": "童鞋",
    "朋友": "盆友", "可爱": "阔爱", "恐怖": "孔布", "知道": "造", "不要": "表", "就是": "奏是",
    "谢谢": ("蟹蟹", "3q"), "怎么": "肿么", "难过": "南锅", "吃饭": "次饭", "厉害": ("腻害", "膩害"),
    "真的": "金的", "骗子": "骗纸", "无语": "无鱼", "好吃": "好次", "老板": "老班", "男朋友": "男票",
    "女朋友": "女票", "没事": "没四", "回来": "肥来", "大哥": "大锅", "版主": "斑竹", "支持": "资瓷",
    "悲剧": "杯具", "压力": "鸭梨", "有没有": "有木有", "妹子": "妹纸", "孩子": "孩纸", "干什么": "干神马",
    "差评": "差平", "客服": "客福", "退款": "腿款", "快递": "块递",
}  # fmt: skip

# Front and back nasals, flat and curled tongue, n and l, f and h: what a pinyin keyboard or a dialect confuses.
NEAR: dict[str, str | tuple[str, ...]] = {
    "应该": "因该", "已经": "以经", "经常": "今常", "情况": "琴况", "心情": "欣勤", "因为": "应为", "您好": "宁好",
    "金额": "惊额", "认真": "任正", "什么": "甚么", "更换": "跟换", "反应": "反映", "清楚": "亲楚", "影响": "引响",
    "真的": "整的", "陈旧": "成旧", "生气": "身气", "门店": "萌店", "声音": "身音", "商品": "山品", "发货": "发祸",
    "订单": "定单", "账号": "帐号", "登录": "登陆", "速度": "素度", "说明": "缩明", "上次": "商次", "事情": "四情",
    "时间": "石间", "找不到": "早不到", "质量": "资量", "知道": "资道", "收到": "搜到", "这个": "则个",
    "是不是": "四不四", "态度": "太度", "冷": "楞", "奶粉": "来粉", "男": "蓝", "牛奶": "流奶", "恼火": "老火",
    "湖南": "福兰", "发现": "花现", "服务": "扶务", "活动": "佛动", "再": "在", "做": "作", "的": "地", "得": "的",
    "他": "她", "哪里": "那里", "像": "象", "其他": "其它", "而且": "而切", "安装": "按装", "不能": "不难",
    "维修": "为修",
}  # fmt: skip


def in_fun(text: str, rng: random.Random) -> str:
    """Up to two words spelt as people do in fun; the meaning stays."""
    return replace_words(text, FUN, rng, most=2)


def by_ear(text: str, rng: random.Random) -> str:
    """Up to two words confused with what sounds alike; the meaning stays."""
    return replace_words(text, NEAR, rng, most=2)
