"""Traditional to simplified characters."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyi.text import prepare, script, to_simplified

HANZI = st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF)
MESSAGES = st.text(st.one_of(HANZI, st.sampled_from("髮發乾幹後后裡里著着麼么瞭了[]@：，0123 abc😊")), max_size=30)


@pytest.mark.parametrize(
    ("text", "simplified"),
    [
        ("這間酒店環境和服務態度亦算不錯", "这间酒店环境和服务态度亦算不错"),
        ("頭髮乾了，後來發現", "头发干了，后来发现"),
        ("[愛你] @用戶 abc 12", "[爱你] @用户 abc 12"),
        ("这里本来就是简体，😊", "这里本来就是简体，😊"),
    ],
)
def test_phrases_decide(text, simplified):
    assert to_simplified(text) == simplified


@given(MESSAGES)
def test_simplifying_again_changes_nothing(text):
    once = to_simplified(text)
    assert to_simplified(once) == once


@given(MESSAGES)
def test_preparing_again_changes_nothing(text):
    once = prepare(text, simplify=True)
    assert prepare(once, simplify=True) == once


def test_placeholders_stay():
    assert prepare("電話13900139002，見https://a.cn/b", simplify=True) == "电话[手机号]，见[网址]"


def test_without_the_package(monkeypatch):
    script._converter.cache_clear()
    monkeypatch.setitem(sys.modules, "opencc", None)
    with pytest.raises(ImportError, match="pip install OpenCC"):
        to_simplified("電話")
    monkeypatch.undo()
    script._converter.cache_clear()


def test_ordinary_ascii_needs_no_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "opencc", None)
    assert to_simplified("hello") == "hello"
