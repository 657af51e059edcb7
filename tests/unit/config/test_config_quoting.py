"""Chinese words in overrides: what is typed is what the configuration holds."""

from __future__ import annotations

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.config.compose import parse
from xinyi.config.keys import decode, decode_keys, encode
from xinyi.config.quoting import quote
from xinyi.errors import ConfigError

FEW = settings(deadline=None, max_examples=150)


def read(override: str):
    """What Hydra makes of an override."""
    return OverridesParser.create().parse_override(quote(override))


@pytest.mark.parametrize(
    ("given_text", "value"),
    [
        ("data.text=消息", "消息"),
        ('data.text="消息"', "消息"),
        ("data.text='消 息'", "消 息"),
        ("data.train=我的 文件.csv", "我的 文件.csv"),
        ("data.train=数据 (1).csv", "数据 (1).csv"),
        ("data.train=[最终]数据.csv", "[最终]数据.csv"),
        ("data.train=数据(1.csv", "数据(1.csv"),
        ("data.train=C:\\数据\\a.csv", "C:\\数据\\a.csv"),
        ("data.root=C:\\数据\\", "C:\\数据\\"),
        ('data.text=他说"好"', '他说"好"'),
        ("data.text=it's好", "it's好"),
        ("name=a=好", "a=好"),
        ("name=实验-${seed}", "实验-${seed}"),
        ("data.meta=[渠道,product]", ["渠道", "product"]),
        ("data.meta=[渠道, 产品 名, 'a,b']", ["渠道", "产品 名", "a,b"]),
        ("data.meta=['渠,道',x]", ["渠,道", "x"]),
        ("data.train=[一 月.csv,二(1).csv]", ["一 月.csv", "二(1).csv"]),
        ("data.labels={intent: 意图, need: 诉求}", {"intent": "意图", "need": "诉求"}),
        ("data.order={stars: [低,中,高]}", {"stars": ["低", "中", "高"]}),
        ("data.map={a: {b: 好, c: 1}}", {"a": {"b": "好", "c": 1}}),
        ("data.labels.intent=意图：一级", "意图：一级"),
    ],
)
def test_values_reach_hydra_as_typed(given_text, value):
    assert read(given_text).value() == value


@pytest.mark.parametrize(
    ("given_text", "values"),
    [
        ("data.text=消息,文本", ["消息", "文本"]),
        ("data.text=choice(消息,文本)", ["消息", "文本"]),
        ("data.text=消息,text", ["消息", "text"]),
        ("data.train=数据(1).csv,b 二.csv", ["数据(1).csv", "b 二.csv"]),
        ("data.meta=[渠道],[产品,b]", [["渠道"], ["产品", "b"]]),
    ],
)
def test_values_of_a_sweep(given_text, values):
    override = read(given_text)
    assert override.is_sweep_override()
    singles = [OverridesParser.create().parse_override(f"k={text}") for text in override.sweep_string_iterator()]
    assert [single.value() for single in singles] == values


@FEW
@given(st.text(st.characters(codec="ascii")))
def test_ascii_is_left_alone(text):
    assert quote(text) == text


@FEW
@given(st.lists(st.sampled_from([*"意图a1 ,:[]{}()=$.-", "'图,'", '"a,\\"图"']), max_size=12).map("".join))
def test_quoting_twice_is_quoting_once(text):
    once = quote(f"key={text}")
    assert quote(once) == once


@FEW
@given(st.text(st.sampled_from("意。a1 .:]})('\"\\=-"), max_size=10))
def test_a_single_word_comes_back(text):
    word = f"图{text}".strip()
    assert read(f"key={word}").value() == word


@FEW
@given(
    st.lists(st.text(st.sampled_from("意图ab1 .-"), min_size=1, max_size=5).filter(str.strip), min_size=1, max_size=4)
)
def test_a_list_of_words_comes_back(words):
    words = [f"x{word}".strip() for word in words]
    assert read(f"key=[{','.join(words)}]").value() == words


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("data.labels={意图: 列}", "data.labels", {"意图": "列"}),
        ("data.labels={'意图': '列', intent: x}", "data.labels", {"意图": "列", "intent": "x"}),
        ('data.map={a: {"好:评": b, 投诉: c, d: e}}', "data.map", {"a": {"好:评": "b", "投诉": "c", "d": "e"}}),
        ("gate.rules=[{rule: x, 任务: y}]", "gate.rules", [{"rule": "x", "任务": "y"}]),
        ("data.labels.意图=列", "data.labels.意图", "列"),
        ("++data.map.意图.投诉=complaint", "data.map.意图.投诉", "complaint"),
        ("data.map.intent={好 评: praise}", "data.map.intent", {"好 评": "praise"}),
    ],
)
def test_keys_come_back_as_typed(override, key, value):
    parsed = read(override)
    assert decode(parsed.key_or_group) == key
    assert decode_keys(parsed.value()) == value


def test_a_deletion_keeps_its_sign():
    parsed = read("~data.labels.意图")
    assert parsed.is_delete()
    assert decode(parsed.key_or_group) == "data.labels.意图"


@FEW
@given(st.text())
def test_any_key_travels_as_ascii(word):
    assert encode(word).isascii()
    assert decode(encode(word)) == word


def test_an_overrides_key_wins_over_the_same_key_of_a_yaml():
    composed = {
        "map": {"意图": {"投诉": "a", "表扬": "b"}, encode("意图"): {encode("投诉"): "c", "x": "d"}},
        "n": [{encode("好"): 1}],
    }
    assert decode_keys(composed) == {"map": {"意图": {"投诉": "c", "表扬": "b", "x": "d"}}, "n": [{"好": 1}]}
    assert decode_keys({"a": {"b": 1}, encode("a"): 2, 3: None}) == {"a": {"b": 1}, 3: None} | {"a": 2}


@pytest.mark.parametrize("text", ["x__u__", "__uzz__", "__ue6__", "普通"])
def test_texts_that_only_look_encoded(text):
    assert decode(text) in (text, "\ufffd")


def test_what_cannot_be_read_is_quoted_back_as_typed():
    with pytest.raises(ConfigError, match=r"expected key=value, got 'data\.labels=\{意图:\"列\", b\}'"):
        parse([quote("data.labels={意图: 列, b}")])
