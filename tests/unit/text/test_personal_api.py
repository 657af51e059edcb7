"""The promises of find_personal_data, mask, count_personal_data and prepare on any text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.text import (
    MASKER_VERSION,
    PLACEHOLDERS,
    count_personal_data,
    find_personal_data,
    mask,
    normalize,
    prepare,
)

# Pieces that rules react to, glued in any order: that is where idempotence breaks first.
PIECES = st.sampled_from(
    [
        *PLACEHOLDERS.values(),
        "[网址]",
        "[用户名]",
        "[SEP]",
        "[",
        "]",
        "，",
        " ",
        "：",
        "、",
        "-",
        "@",
        ".",
        "是",
        "的",
        "我叫",
        "我是",
        "姓名",
        "收",
        "客服",
        "姓",
        "13800138000",
        "一三八零零一三八零零零",
        "零零",
        "010-62345678",
        "622",
        "6222021234567890123",
        "卡号",
        "尾号1234",
        "1",
        "86",
        "+",
        "微信",
        "vx",
        "abc_123",
        "qq",
        "12345",
        "粤B12345",
        "1.2.3.4",
        "2409:8a1e::5",
        "v",
        "版本",
        "订单号",
        "SF1234567890123",
        "单号",
        "上海市浦东新区张杨路500号",
        "阳光花园",
        "3栋",
        "2单元",
        "501",
        "路",
        "村",
        "王",
        "张伟",
        "欧阳",
        "李经理",
        "小王",
        "先生",
        "总",
        "护照E12345678",
        "H12345678",
        "a@b.com",
        "www.a.com",
        "https://x.cn/",
        "艾特qq点com",
        "古丽·买买提江",
        "身份证",
        "車牌",
        "電話5500 1386",
        "冇",
        "HF20260604-88317",
        "YT 7730 1904",
        "抬头",
        "某",
        "*",
        "附3号",
        "发我",
        "kp_maoyi77",
        "\u200b",
        "\u20e3",
        "  ",
        "\r\n",
        "1️⃣3️⃣8️⃣",
        "𝟎𝟎𝟏𝟑",
        "、",
        "_",
        "138，0013，8000",
        "1101 0119 9003 0777 58",
        "洞",
        "艾特qq.com",
        "李四@163.com",
        "A123456(3)",
        "粤B D 1 2 3 4 5",
        "\ue000",
        "\ue0ff",
    ]
)
MESSAGES = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=40))


def test_versions_and_placeholders_are_fixed() -> None:
    assert MASKER_VERSION == "4"
    assert PLACEHOLDERS == {
        "mobile": "[手机号]",
        "landline": "[座机号]",
        "id_card": "[身份证号]",
        "bank_card": "[银行卡号]",
        "passport": "[护照号]",
        "permit": "[通行证号]",
        "email": "[邮箱]",
        "wechat": "[微信号]",
        "qq": "[QQ号]",
        "plate": "[车牌号]",
        "ip": "[IP地址]",
        "order": "[订单号]",
        "tracking": "[快递单号]",
        "address": "[地址]",
        "name": "[姓名]",
    }


def test_span_reports_the_text_but_does_not_print_it() -> None:
    (span,) = find_personal_data("电话13800138000谢谢")
    assert (span.start, span.end, span.kind, span.text) == (2, 13, "mobile", "13800138000")
    assert "13800138000" not in repr(span)


def test_mask_replaces_each_find_by_its_placeholder() -> None:
    assert mask("我叫张伟，电话13800138000。") == "我叫[姓名]，电话[手机号]。"


@pytest.mark.parametrize("placeholder", [*PLACEHOLDERS.values(), "[网址]", "[用户名]"])
def test_placeholders_in_a_text_stay(placeholder: str) -> None:
    assert mask(f"我是{placeholder}，号码{placeholder}") == f"我是{placeholder}，号码{placeholder}"


@pytest.mark.parametrize("mark", ["\ue000", "\ue00e"])
def test_private_use_characters_of_the_text_are_no_marks(mark: str) -> None:
    assert mask(f"好的{mark} 费广平 好") == f"好的{mark} 费广平 好"
    assert mask("好的[手机号] 费广平 好") == "好的[手机号] [姓名] 好"


@pytest.mark.parametrize("between", ["\u200b", "\xad", "\ufeff", "\ufe0f\u20e3", "\u200d", "\ue123", "\u0336"])
def test_what_cannot_be_seen_hides_nothing(between: str) -> None:
    text = f"电话{between}{between.join('13800138000')}{between}，{between.join('王先生')}收"
    assert mask(text) == f"电话{between}[手机号]，[姓名]收"
    assert [span.text for span in find_personal_data(text)] == [
        between.join("13800138000") + between,
        between.join("王先生"),
    ]


@pytest.mark.parametrize("blank", ["  ", "\r\n", "\u3000", " \u200b ", "\u2009"])
def test_blanks_count_once(blank: str) -> None:
    assert mask(f"打{blank}138{blank}0013{blank}8000{blank}吧") == f"打{blank}[手机号]{blank}吧"


@pytest.mark.parametrize("digits", ["𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗", "０１２３４５６７８９", "⁰¹²³⁴⁵⁶⁷⁸⁹", "⓪①②③④⑤⑥⑦⑧⑨"])
def test_digits_of_any_form_are_digits(digits: str) -> None:
    assert mask("打13800138000吧".translate(dict(zip(map(ord, "0123456789"), digits, strict=True)))) == "打[手机号]吧"


def test_count_has_every_kind() -> None:
    counts = count_personal_data(["电话13800138000", "13900139000，a@b.com", "没有"])
    assert counts == {kind: {"mobile": 2, "email": 1}.get(kind, 0) for kind in PLACEHOLDERS}


def test_prepare_normalises_then_masks() -> None:
    assert prepare(" 我叫张伟！！！！\n１３８００１３８０００ ") == "我叫[姓名]！！！ [手机号]"
    assert prepare("１３８００１３８０００！！！！", masking=False) == "13800138000！！！"


def test_prepare_reaches_what_masking_uncovers() -> None:
    """What looks like an e-mail address is an @name once the number is gone."""
    assert prepare("13800138000@小米客服") == "[手机号][用户名]"


@settings(max_examples=500, deadline=None)
@given(MESSAGES)
def test_spans_are_sorted_apart_and_inside(text: str) -> None:
    last = 0
    for span in find_personal_data(text):
        assert last <= span.start < span.end <= len(text)
        assert span.text == text[span.start : span.end]
        assert span.kind in PLACEHOLDERS
        last = span.end


@settings(max_examples=800, deadline=None)
@given(MESSAGES)
def test_mask_is_idempotent(text: str) -> None:
    once = mask(text)
    assert find_personal_data(once) == []
    assert mask(once) == once


@settings(max_examples=800, deadline=None)
@given(MESSAGES)
def test_prepare_is_idempotent_and_encodable(text: str) -> None:
    once = prepare(text)
    assert prepare(once) == once
    assert once.encode("utf-8").decode("utf-8") == once
    assert normalize(once) == once


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "unit",
    [
        "13",
        "1 3 ",
        "王李",
        "中山路5",
        "a.",
        "a@",
        "一二",
        "我叫",
        "卡号",
        "微信号",
        "王先生",
        "小区3栋",
        "a:",
        "[",
        "省市区县",
        "某",
        "村组",
        "1-",
        "+1",
        "姓王",
        "阿依·",
        "订单号A-",
        "SF",
        "县甲镇甲",
        "单A1",
        "JL88 ",
        "身份证，",
        "卡，",
        "发a_1",
        "姓，",
        "某*",
        "路5号店",
        "1、",
        "1 \u200b",
        "\u200b ",
        "护照E 1 ",
        "粤B 1 ",
        "一，",
        "@q.com艾特",
    ],
)
def test_long_hostile_text_is_handled(unit: str) -> None:
    """Quadratic rules would take minutes on these 100,000 characters."""
    masked = mask(unit * (100_000 // len(unit)))
    assert masked
