"""The normaliser, rule by rule, and its promises on any string."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.text import NORMALIZER_VERSION, normalize

# Hypothesis rarely builds these by itself: surrogates, joiners, marks, brackets, link starts, Hangul, fillers.
NASTY = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cf", "Mn", "Zs", "Cc", "Sk"]),
        st.sampled_from(
            list("\u200d\ufe0f\ufeff\u3164\uff9e\u0301\u0323😀👩❤@[]。…~～哈！!1一aw./:\ud83d\ude00 \n①㊗ﾞ가ᄀᆨ")
        ),
    ),
    max_size=60,
)


def test_version_is_fixed() -> None:
    assert NORMALIZER_VERSION == "2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＡＢＣ１２３ｘ", "ABC123x"),
        ("“好”‘的’！？，。；：（）…", "“好”‘的’！？，。；：（）…"),
        ("ﾃｽﾄ ㎏ Ⅳ", "テスト kg IV"),
        ("５０％＋＠", "50%+@"),
        ("㊗你🈶", "㊗你🈶"),
        ("a\u0301", "á"),
    ],
)
def test_compatibility_forms_change_and_chinese_punctuation_stays(text: str, expected: str) -> None:
    assert normalize(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  你好\r\n\r\n在吗\t\u3000？ ", "你好 在吗 ？"),
        ("退\u200b款\ufeff\u00ad", "退款"),
        ("\u202e反\u202c\u200f了", "反了"),
        ("a\x00b\x1bc\x7f", "abc"),
        ("图\ufffc标\ue627", "图标"),
    ],
)
def test_white_space_collapses_and_invisible_characters_go(text: str, expected: str) -> None:
    assert normalize(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("❤️", "❤"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("👁️\u200d🗨️", "👁\u200d🗨"),
        ("退\u200d款😀\u200d", "退款😀"),
        ("👍🏻[赞][泪][泪][泪][泪]", "👍🏻[赞][泪][泪][泪][泪]"),
    ],
)
def test_emoji_stay_and_joiners_stay_only_inside_them(text: str, expected: str) -> None:
    assert normalize(text) == expected


def test_surrogates_are_joined_or_dropped() -> None:
    assert normalize("好\ud83d\ude00的") == "好😀的"
    assert normalize("好\ud83d的\ude00") == "好的"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("太太太太太好了", "太太太好了"),
        ("太太太", "太太太"),
        ("！！！！！！", "！！！"),
        ("哈哈哈哈哈哈", "哈哈哈"),
        ("。。。。", "。。。"),
        ("…………", "………"),
        ("~~~~～～", "~~~"),
        ("好好好好Goooooal", "好好好Goooal"),
        ("100000000元", "100000000元"),
        ("一三八零零零零五五五五", "一三八零零零零五五五五"),
    ],
)
def test_elongation_is_capped_at_three_but_digits_are_not(text: str, expected: str) -> None:
    assert normalize(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("看https://a.com/x?y=1，坏了", "看[网址]，坏了"),
        ("https://t.cn/A6x。", "[网址]。"),
        ("www.taobao.com打不开", "[网址]打不开"),
        ("m.tb.cn/h.5abc 复制", "[网址] 复制"),
        ("链接http://a.cn/b.", "链接[网址]."),
        ("发li.na@163.com", "发li.na@163.com"),
        ("版本1.2.3和a.b", "版本1.2.3和a.b"),
        ("www1.a.comhttps://x.cn/", "[网址][网址]"),
    ],
)
def test_web_addresses(text: str, expected: str) -> None:
    assert normalize(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@小米客服 坏了", "[用户名] 坏了"),
        ("@小米客服我的手机坏了", "[用户名]我的手机坏了"),
        ("//@张三_01：转发@li-si，", "//[用户名]：转发[用户名]，"),
        ("@a@b", "[用户名][用户名]"),
        ("找@" + "长" * 3 + "名字" * 20, "找[用户名]" + "名字" * 14),
        ("a@b 价格@ 5元", "a@b 价格@ 5元"),
    ],
)
def test_mentions(text: str, expected: str) -> None:
    assert normalize(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "发 zhangsan @qq.com",
        "发zhangsan@ qq.com",
        "zhangsan艾特qq.com",
        "zhangsan（at）163.com",
        "li#139.com",
        "李四@163.com",
    ],
)
def test_nothing_is_taken_out_of_an_email_address(text: str) -> None:
    """With the domain gone, no rule of the masker would see the name before it."""
    assert normalize(text) == text


def test_what_stands_beside_an_email_address_is_replaced() -> None:
    assert normalize("李四@163.com @李四 看a.com") == "李四@163.com [用户名] 看[网址]"
    assert normalize("手机坏了@小米.com") == "手机坏了[用户名].com"


def test_model_tokens_in_a_text_stay_text() -> None:
    assert normalize("[SEP]你好[CLS][PAD]") == "[SEP]你好[CLS][PAD]"


@settings(max_examples=600, deadline=None)
@given(NASTY)
def test_idempotent_encodable_and_one_line(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once
    assert once.encode("utf-8").decode("utf-8") == once
    assert once == once.strip()
    assert not any(c in once for c in "\n\r\t\x00\u200b\ufeff\u202e\ufe0f")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit", ["ab", "a.", "@a", "a\u0301\u0323", "\uff9e\u0323", "\u200d😀", " \n", "https://", "www.", "[", "a@", "！!"]
)
def test_long_hostile_text_is_handled(unit: str) -> None:
    """Quadratic rules would take minutes on these 200,000 characters."""
    result = normalize(unit * (200_000 // len(unit)))
    assert normalize(result) == result


@settings(max_examples=400, deadline=None)
@given(NASTY)
def test_no_run_is_longer_than_three(text: str) -> None:
    """Digits, read-out digits and square brackets excepted: their number means something."""
    runs = (match for match in re.finditer(r"(.)\1{3,}", normalize(text)))
    assert [match.group() for match in runs if not re.match(r"[\d\[\]〇零幺一二三四五六七八九]", match.group())] == []


@given(st.sampled_from("太哈好！？啊～…。w😀"), st.integers(1, 40))
def test_an_elongation_is_kept_up_to_three(char: str, count: int) -> None:
    """Capped, for 太太太太好 and 太太太太太太好 say the same; kept, for 太好 says less."""
    kept = normalize(f"真{char * count}了")
    assert kept == normalize(f"真{char * min(count, 3)}了")
    assert kept.count(normalize(char)) == min(count, 3)


@given(st.lists(st.sampled_from(["😀", "👍🏻", "❤", "[哭]", "[doge]", "㊗", "“好”", "！？", "，"]), max_size=8))
def test_signals_of_tone_stay(parts: list[str]) -> None:
    text = "真的".join(parts)
    assert normalize(text) == text


@given(NASTY)
def test_white_space_around_says_nothing(text: str) -> None:
    assert normalize(f" {text}\n") == normalize(text)
