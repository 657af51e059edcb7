"""Telephone, card, document, order and tracking numbers; and the numbers that are none of them."""

from __future__ import annotations

import pytest

from xinyi.text import mask
from xinyi.text.personal.cards import passes_luhn
from xinyi.text.personal.documents import is_id_card


@pytest.mark.parametrize(
    "number",
    [
        "13800138000",
        "+86 13800138000",
        "+86-138-0013-8000",
        "008613800138000",
        "138 0013 8000",
        "138.0013.8000",
        "1380013 8000",
        "１３８００１３８０００",
        "一三八零零一三八零零零",
        "幺三八 〇〇一三 八〇〇〇",
        "1-3-8-0-0-1-3-8-0-0-0",
        "138001 38000",
        "138-00-13-8000",
        "138 00 13 80 00",
        "(138)0013-8000",
        "138，0013，8000",
        "138、0013、8000",
        "138·0013·8000",
        "138_0013_8000",
        "138~0013~8000",
        "138*0013*8000",
        "1，3，8，0，0，1，3，8，0，0，0",
        "一三八，零零一三，八零零零",
        "幺三八洞洞幺三八洞洞洞",
        "1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣",
        "+852 9123 4567",
        "+1 415 555 0132",
    ],
)
def test_mobile(number: str) -> None:
    assert mask(f"打{number}吧") == "打[手机号]吧"


def test_digits_of_an_account_are_no_mobile() -> None:
    assert mask("我是a13800001111b") == "我是a13800001111b"


def test_a_character_after_a_number_is_no_digit() -> None:
    assert mask("手机186-5550-0123一个数字都没错") == "手机[手机号]一个数字都没错"


@pytest.mark.parametrize("number", ["0955 010 203", "0900-123-408"])
def test_mobile_of_taiwan(number: str) -> None:
    assert mask(f"聯絡電話{number}") == "聯絡電話[手机号]"


def test_mobile_of_hong_kong_needs_cantonese() -> None:
    assert mask("電話5500 1386，唔該") == "電話[手机号]，唔該"
    assert mask("电话5500 1386，谢谢") == "电话[座机号]，谢谢"


def test_tail_of_a_mobile() -> None:
    assert mask("手机尾号5678") == "手机尾号[手机号]"


@pytest.mark.parametrize(
    "number",
    [
        "010-62345678",
        "02158881234",
        "(0755)83456789",
        "0571 8765 4321",
        "0311-87654321转106",
        "+86 10 6278 1234",
        "021 - 62345678",
    ],
)
def test_landline_with_area_code(number: str) -> None:
    assert mask(f"打{number}吧") == "打[座机号]吧"


def test_local_landline_needs_a_cue() -> None:
    assert mask("座机：62781234") == "座机：[座机号]"
    assert mask("人数62781234") == "人数62781234"


def test_id_card_by_check_character() -> None:
    # The example of GB 11643-1999, and the same with a wrong check character.
    assert is_id_card("11010519491231002X")
    assert not is_id_card("110105194912310021")
    assert mask("号11010519491231002X。") == "号[身份证号]。"
    assert mask("号110105 19491231 002x。") == "号[身份证号]。"


@pytest.mark.parametrize(
    "number",
    [
        "1101 0519 4912 3100 2X",
        "1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X",
        "110-105-194-912-310-02X",
        "110105，19491231，002X",
        "110105 1949 12 31 002X",
        "1101051949 1231002X",
        "一一零一零五 一九四九一二三一 零零二X",
    ],
)
def test_id_card_in_any_groups(number: str) -> None:
    """The check character decides, before a rule for telephones takes a part of it."""
    assert mask(f"给你 {number}，收到吗") == "给你 [身份证号]，收到吗"


@pytest.mark.parametrize("number", ["1101 0519 4912 3100 21", "1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 1"])
def test_mistyped_id_card_in_even_groups(number: str) -> None:
    assert mask(f"给你 {number}，收到吗") == "给你 [身份证号]，收到吗"


@pytest.mark.parametrize("number", ["A123456(3)", "1234567(8)", "A123456789"])
def test_id_card_of_hong_kong_macao_and_taiwan(number: str) -> None:
    assert mask(f"身份證字號{number}，香港身份证{number}") == "身份證字號[身份证号]，香港身份证[身份证号]"


def test_id_card_of_hong_kong_by_its_check_digit() -> None:
    assert mask("登记A123456(3)和AB987654(3)") == "登记[身份证号]和[身份证号]"
    assert mask("登记A123456(4)") == "登记A123456(4)"


def test_id_card_rejects_impossible_province_and_date() -> None:
    assert not is_id_card("99010519491231002X")
    assert not is_id_card("110105194913310023")


def test_mistyped_id_card_needs_a_cue_or_a_birth_date() -> None:
    assert mask("身份证我念给你 000102195203140028 记下来没有") == "身份证我念给你 [身份证号] 记下来没有"
    assert mask("身份证110105194913310021") == "身份证[身份证号]"
    assert mask("号110105194912310021") == "号[身份证号]"
    assert "[身份证号]" not in mask("号110105194913310021")
    assert mask("订单号110105194912310021") == "订单号[订单号]"


def test_tail_of_an_id_card() -> None:
    assert mask("身份证后四位002X") == "身份证后四位[身份证号]"


def test_old_id_card_needs_a_possible_date() -> None:
    assert mask("老证110105491231002") == "老证[身份证号]"
    assert "[身份证号]" not in mask("老证110105499931002")


def test_bank_card_by_luhn() -> None:
    assert passes_luhn("4111111111111111")
    assert not passes_luhn("4111111111111112")
    assert mask("刷4111111111111111的") == "刷[银行卡号]的"
    assert mask("刷4111 1111 1111 1111的") == "刷[银行卡号]的"
    assert mask("刷4000123412341的") != "刷[银行卡号]的"


def test_bank_card_by_cue() -> None:
    assert mask("卡号6222021234567890123") == "卡号[银行卡号]"
    assert mask("尾号3391的卡") == "尾号[银行卡号]的卡"
    assert mask("对公账号：310066778899") == "对公账号：[银行卡号]"
    assert mask("订单尾号3391") == "订单尾号3391"


@pytest.mark.parametrize(
    "number",
    [
        "6200 0000 3333 8816",
        "6228 4800 3127 5590 016",
        "4311-9520-7786-5520",
        "六二幺七 零零零三 八八零二 四四幺九 零零零",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    ],
)
def test_bank_card_in_the_groups_of_a_card(number: str) -> None:
    """Whatever its check digit says."""
    assert mask(f"打到{number}，户名同上") == "打到[银行卡号]，户名同上"


def test_prices_in_groups_are_no_card() -> None:
    assert mask("四档3999 4999 5999 6999选哪个") == "四档3999 4999 5999 6999选哪个"


@pytest.mark.parametrize("number", ["E12345678", "G12345678", "EA1234567"])
def test_passport_by_shape(number: str) -> None:
    assert mask(f"用{number}登") == "用[护照号]登"


@pytest.mark.parametrize(
    "number", ["P1234567", "E 1234 5678", "E1234-5678", "E 1 2 3 4 5 6 7 8", "E一二三四五六七八", "1234 56789"]
)
def test_passport_by_cue(number: str) -> None:
    assert mask(f"护照号{number}，谢谢") == "护照号[护照号]，谢谢"
    assert mask(f"护照 {number}") == "护照 [护照号]"


def test_what_is_no_passport() -> None:
    assert mask("编码P1234567") == "编码P1234567"


@pytest.mark.parametrize("number", ["H12345678", "M1234567890", "C12345678", "CA1234567", "L12345678"])
def test_permit_by_shape(number: str) -> None:
    assert mask(f"用{number}登") == "用[通行证号]登"


@pytest.mark.parametrize("number", ["C 1234 5678", "H 1234 5678", "C1234-5678", "1234 5678", "H一二三四五六七八"])
def test_permit_in_groups(number: str) -> None:
    assert mask(f"回乡证 {number}，谢谢") == "回乡证 [通行证号]，谢谢"


def test_a_permit_takes_no_part_of_the_next_number() -> None:
    assert mask("通行证 C12345678 13800138000") == "通行证 [通行证号] [手机号]"


@pytest.mark.parametrize("text", ["货号{}", "型号{}", "款号：{}", "编码是{}", "SKU {}"])
@pytest.mark.parametrize("number", ["G12345678", "E12345678", "L12345678", "C12345678"])
def test_a_model_is_no_document(text: str, number: str) -> None:
    assert mask(text.format(number)) == text.format(number)


def test_permit_by_cue() -> None:
    assert mask("台胞证号12345678") == "台胞证号[通行证号]"
    assert mask("证12345678") == "证12345678"


@pytest.mark.parametrize(
    "text",
    ["订单号{}", "单号：{}", "工单号是{}", "流水号 {}", "订单编号{}", "保单号{}", "发票号码:{}"],
)
def test_order_number_after_a_cue(text: str) -> None:
    assert mask(text.format("2024061288") + "查下") == text.format("[订单号]") + "查下"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("订单号：二零二四零六一八零零一二三四五", "订单号：[订单号]"),
        ("快递单号七七三九二八四七五六一零", "快递单号[快递单号]"),
    ],
)
def test_number_read_out_after_a_cue(text: str, expected: str) -> None:
    assert mask(text) == expected


def test_order_cue_with_a_date_or_few_digits_stays() -> None:
    assert mask("订单号 2024-03-15下的") == "订单号 2024-03-15下的"
    assert mask("单号1234") == "单号1234"
    assert mask("订单20240315下的") == "订单20240315下的"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("订单HF20260604-88317，开票", "订单[订单号]，开票"),
        ("MTJ-0621-4408撤单", "[订单号]撤单"),
        ("报修单NC-0925-176", "报修单[订单号]"),
        ("订单号你记一下 W20260724 5590 12", "订单号你记一下 [订单号]"),
        ("订单号是LM七七零二幺九", "订单号是[订单号]"),
        ("JL88120037465到哪了", "[快递单号]到哪了"),
        ("寄回去了，单号QY7730 2615 0884", "寄回去了，单号[快递单号]"),
    ],
)
def test_code_with_letters(text: str, expected: str) -> None:
    assert mask(text) == expected


@pytest.mark.parametrize(
    "text", ["ISO9001-2015认证", "换DDR5-6000的", "索尼WH-1000XM5", "红米K70 2024款3999", "ROG 4070 2024款到货没"]
)
def test_models_and_standards_are_no_codes(text: str) -> None:
    assert mask(text) == text


def test_bare_long_number() -> None:
    assert mask("1928374650192837") == "[订单号]"
    assert mask("192837465019") == "192837465019"
    assert mask("23333333333333333333") == "23333333333333333333"


@pytest.mark.parametrize(
    "number",
    ["SF1234567890123", "YT1234567890123", "JD0012345678901", "JDVA12345678901", "JT3029384756102", "EA293847561CN"],
)
def test_tracking_by_carrier_shape(number: str) -> None:
    assert mask(f"查{number}吧") == "查[快递单号]吧"


@pytest.mark.parametrize("cue", ["快递单号", "运单号：", "中通的单号是", "物流号"])
def test_tracking_after_a_cue(cue: str) -> None:
    assert mask(f"{cue}773928475610") == f"{cue}[快递单号]"


@pytest.mark.parametrize(
    "plate", ["京A12345", "浙A·3B5K7", "粤BD12345", "沪A12345D", "粤b8k3m2", "粤Z1234港", "赣A1234学", "川A 9X77Z"]
)
def test_plate(plate: str) -> None:
    assert mask(f"车{plate}在") == "车[车牌号]在"


@pytest.mark.parametrize("plate", ["棠B·D61883", "京A一二三四五", "粤B D 1 2 3 4 5", "京A 1 2 3 4 5", "粤B D12345"])
def test_plate_by_its_dot_or_read_out(plate: str) -> None:
    assert mask(f"车{plate}在") == "车[车牌号]在"


@pytest.mark.parametrize("text", ["新Mate60", "云K50", "新A6L2024款", "京A牌照", "贵州B1", "新rtx4060"])
def test_no_plate(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "10086打不通",
        "95588短信",
        "400-820-8820忙音",
        "8008208820",
        "12306候补",
        "价格12999.00元",
        "2024年3月15日12:30",
        "2024-03-15",
        "15:40-16:20",
        "iPhone15Pro",
        "RTX4060",
        "KFR-35GW/N8HA1",
        "BCD-452WDPF",
        "10000毫安",
        "85.5%",
        "3-5个工作日",
        "验证码482913",
        "条码6901234567892",
        "0x00000709",
        "第12345位",
        "1200x600x750mm",
        "取件码8-2-3017",
        "G1234次",
        "03 11 17 22 28",
        "199，2999，3999哪个好",
        "159、2999、1999这三款",
        "150*2000*1000的床垫",
        "1399 1599 199",
        "13 14 15 16 17号",
        "1500-2000-300",
        "苹果15 16 17 18 19 20",
        "1、2、3、4、5、6、7、8、9、10、11",
        "一、二、三、四、五、六、七、八都不行",
        "护照 2025-03-15到期",
        "通行证办了3次，2024-05-06",
        "身份证有效期20240101-20440101",
        "12:30:45 13:20:10",
        "新A 6 2024款",
        "1️⃣质量2️⃣服务3️⃣物流4️⃣价格都差",
        "两个洞洞鞋",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert mask(text) == text
