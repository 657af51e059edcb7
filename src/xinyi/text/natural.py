"""How natural decoded Chinese text looks: wrong decodings give rare characters."""

from __future__ import annotations

# The most frequent characters of modern Chinese, simplified and traditional, with those of customer messages.
_COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种"
    "事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公"
    "此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特"
    "代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数"
    "安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达"
    "光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运"
    "客服单退货款快递买卖钱付收店差评价换质送坏修谢您请吗吧呢啊哦呀嘛怎哪啦谁票订催找喜欢满慢帮忙坑骗垃圾投诉购物网址码号机"
    "這個們來為國時會說對於著過發後裡種經麼學現當沒動還進樣開實軍無與長機關點業將兩間問應戰向頭體見產話特門東聲員論處"
    "義幾認條氣題爾別變總電數報結務場計資許統區隊決馬書聽達強難權設記類據張該規萬覺術領確傳師觀讓識帶導爭運單貨錢"
    "買賣價換質壞謝請嗎誰訂歡滿幫騙購號碼樓藝嚴繼續環態飯廳廣東"
)
_PUNCTUATION = frozenset("，。！？、；：“”‘’（）《》【】…—·「」『』～％￥")


def naturalness(text: str) -> float:
    """The share of frequent Chinese characters and punctuation among the characters outside ASCII, 0 to 1.

    Characters that cannot be shown (U+FFFD, private use, controls) count against it. 0 for text in ASCII.
    """
    others = [char for char in text if not char.isascii()]
    if not others:
        return 0.0
    good = sum(char in _COMMON or char in _PUNCTUATION for char in others)
    bad = sum(char == "\ufffd" or "\ue000" <= char <= "\uf8ff" or "\x80" <= char <= "\x9f" for char in others)
    return max(0, good - bad) / len(others)
