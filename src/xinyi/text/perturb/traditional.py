"""Traditional characters, and the words of Hong Kong and Taiwan for the same thing."""

from __future__ import annotations

import random

from xinyi.text.perturb.characters import TO_TRADITIONAL
from xinyi.text.perturb.replacing import outside_brackets, replace_words

# Words whose characters are not one to one.
WORDS: dict[str, str] = {
    "头发": "頭髮", "理发": "理髮", "皇后": "皇后", "干净": "乾淨", "饼干": "餅乾", "干燥": "乾燥", "干活": "幹活",
    "干嘛": "幹嘛", "干什么": "幹什麼", "一只": "一隻", "两只": "兩隻", "面条": "麵條", "面粉": "麵粉",
    "面包": "麵包", "方便面": "方便麵", "手表": "手錶", "放松": "放鬆", "轻松": "輕鬆", "联系": "聯繫",
    "关系": "關係", "公里": "公里", "周末": "週末", "每周": "每週", "一周": "一週", "丑": "醜", "征求": "徵求",
    "宿舍": "宿舍", "舍得": "捨得", "模范": "模範", "批准": "批准", "准备": "準備", "标准": "標準", "准时": "準時",
    "了解": "瞭解", "重复": "重複", "复杂": "複雜", "回复": "回覆", "签字": "簽字", "签收": "簽收", "注册": "註冊",
    "台风": "颱風", "游戏": "遊戲", "冲突": "衝突", "当月": "當月", "后悔": "後悔",
}  # fmt: skip

# What is said otherwise in Hong Kong or Taiwan; written in traditional characters.
OVERSEAS: dict[str, str | tuple[str, ...]] = {
    "质量": "品質", "视频": "影片", "短信": "簡訊", "信息": "訊息", "软件": "軟體", "硬件": "硬體", "网络": "網路",
    "手机": ("手機", "行動電話"), "打印": "列印", "鼠标": "滑鼠", "屏幕": "螢幕", "充电宝": "行動電源",
    "优盘": "隨身碟", "U盘": "隨身碟", "硬盘": "硬碟", "内存": "記憶體", "默认": "預設", "程序": "程式",
    "服务器": "伺服器", "用户": "用戶", "账号": "帳號", "密码": "密碼", "快递": ("宅配", "速遞"),
    "打车": ("叫車", "搭的士"), "出租车": ("計程車", "的士"), "公交车": ("公車", "巴士"), "地铁": ("捷運", "港鐵"),
    "自行车": ("腳踏車", "單車"), "外卖": ("外送", "外賣"), "酸奶": ("優格", "乳酪"), "土豆": "馬鈴薯",
    "西红柿": "番茄", "方便面": ("泡麵", "即食麵"), "盒饭": "便當", "菠萝": "鳳梨", "冰淇淋": ("冰淇淋", "雪糕"),
    "空调": ("冷氣", "冷氣機"), "冰箱": ("冰箱", "雪櫃"), "电视": "電視", "保修": ("保固", "保養"), "退货": "退貨",
    "客服": ("客服", "客戶服務"), "发票": ("發票", "收據"), "立刻": "立即", "晚上": ("晚上", "夜晚"),
    "什么": ("什麼", "甚麼"), "怎么": ("怎麼", "點樣"), "什么时候": ("什麼時候", "幾時"), "星期": ("禮拜", "星期"),
    "水平": "水準", "激光": "雷射", "支持": "支援", "帮忙": "幫忙", "垃圾": "垃圾",
}  # fmt: skip


def to_traditional(text: str, rng: random.Random) -> str:
    """The text in traditional characters."""
    words = replace_words(text, WORDS, rng)
    return outside_brackets(words, lambda part: part.translate(TO_TRADITIONAL))


def to_overseas(text: str, rng: random.Random) -> str:
    """The text in traditional characters with the words of Hong Kong or Taiwan; unchanged where it has none."""
    words = replace_words(text, OVERSEAS, rng)
    return text if words == text else to_traditional(words, rng)
