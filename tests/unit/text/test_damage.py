"""Damaged texts: repaired where that is safe, named where it is not, and ordinary texts left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyi.text.damage import PINYIN_GLOSS, REPLACEMENT, UTF8_AS_GBK, UTF8_AS_LATIN1, Repair, repair

TEXTS = ["物流很快，abc订单12很满意！", "質量很好謝謝客服", "客服态度好，已经收到货了 谢谢"]


@pytest.mark.parametrize("text", TEXTS)
def test_utf8_read_as_gbk(text):
    try:
        damaged = text.encode().decode("gb18030")
    except UnicodeDecodeError:
        damaged = (text + "！").encode().decode("gb18030")
        text += "！"
    assert repair(damaged) == Repair(text, (UTF8_AS_GBK,))


@pytest.mark.parametrize("text", TEXTS)
def test_utf8_read_as_latin_1(text):
    assert repair(text.encode().decode("latin-1")) == Repair(text, (UTF8_AS_LATIN1,))


def test_utf8_read_as_windows_1252():
    assert repair("快递".encode().decode("cp1252")) == Repair("快递", (UTF8_AS_LATIN1,))


def test_a_piece_between_ascii():
    damaged = "ok " + "質量很好謝謝客服".encode().decode("gb18030") + " 5"
    assert repair(damaged) == Repair("ok 質量很好謝謝客服 5", (UTF8_AS_GBK,))


def test_pinyin_glosses():
    assert repair("頁(yè) 關(guān)鍵，他們(men)說（shuō）") == Repair("頁 關鍵，他們說", (PINYIN_GLOSS,))


@pytest.mark.parametrize("text", ["坏了\ufffd啊", "锟斤拷锟斤拷的质量"])
def test_what_was_lost_is_named(text):
    assert repair(text) == Repair(text, left=(REPLACEMENT,))


def test_wrong_decoding_that_lost_bytes_is_named():
    damaged = "这个快递太慢了，等了三天".encode().decode("gb18030", "replace")
    assert repair(damaged) == Repair(damaged, left=(UTF8_AS_GBK, REPLACEMENT))


@pytest.mark.parametrize(
    "text",
    [
        "“引号”——和…都好",
        "银行(háng)在哪",
        "café crème naïve",
        "Ã©tÃ©",
        "(men)他们",
        "锛",
        "浣熊很可爱，鎏金的",
        "好(hello)的",
    ],
)
def test_ordinary_texts_stay(text):
    assert repair(text) == Repair(text)


@given(st.text(max_size=40))
def test_repairing_again_changes_nothing(text):
    once = repair(text)
    assert repair(once.text).text == once.text


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=30))
def test_any_hanzi_stay(text):
    assert repair(text).text == text
