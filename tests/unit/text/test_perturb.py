from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opencc import OpenCC

from xinyi.text import PLACEHOLDERS
from xinyi.text.perturb import PERTURBATIONS
from xinyi.text.perturb.characters import TO_TRADITIONAL, TRADITIONAL_ONLY
from xinyi.text.perturb.digits import number

# Perturbation, a text, and what it may become.
EXAMPLES = [
    ("negation", "客服很耐心", {"客服不耐心", "客服一点都不耐心"}),
    ("negation", "钱收到了", {"钱没收到"}),
    ("double_negation", "这家店很靠谱", {"这家店不是不靠谱"}),
    ("double_negation", "大家都说好", {"大家没有一个人不说好"}),
    ("degree_down", "非常满意", {"有点满意"}),
    ("calm", "快点！！！", {"快点。"}),
    ("full_stop", "我要退货", {"我要退货。"}),
    ("full_stop", "我要退货。", {"我要退货"}),
    ("no_punctuation", "怎么回事？？等了两天，还没到！", {"怎么回事 等了两天 还没到"}),
    ("emoji_to_written", "又断网了😡", {"又断网了[怒]"}),
    ("written_to_emoji", "又断网了[怒]", {"又断网了😡", "又断网了😠"}),
    ("homophones_in_fun", "真垃圾", {"真辣鸡", "真拉圾", "真乐色"}),
    ("near_homophones", "应该", {"因该"}),
    ("pinyin_abbreviations", "你是永远的神", {"你是yyds"}),
    ("martian_script", "我", {"莪"}),
    ("traditional", "头发干净", {"頭髮乾淨"}),
    ("hong_kong_taiwan", "短信质量差", {"簡訊品質差"}),
    ("speech_no_punctuation", "退款，快点！", {"退款快点"}),
    ("speech_homophones", "套餐", {"套参"}),
    ("digits_to_characters", "等了2天，花了128.5元，打9折", {"等了两天，花了一百二十八点五元，打九折"}),
    ("typos_by_shape", "侯", {"候"}),
    ("gender", "他的儿子", {"她的女儿"}),
]  # fmt: skip
UNTOUCHED = [
    ("negation", "一点都不好用"),
    ("negation", "快递到哪了"),
    ("negation", "你好"),
    ("degree_up", "我要退货"),
    ("digits_to_characters", "电话13800138000"),
    ("digits_to_characters", "编号A12"),
    ("brand", "我的快递呢"),
    ("gender", "其他都好"),
    ("hong_kong_taiwan", "我要退"),
]
MARKS = tuple(PLACEHOLDERS.values())
ROWS = st.lists(
    st.sampled_from(("我要退款", "太差了", "客服", "，", "。", "3天", "！", "😡", "[怒]", *MARKS)), max_size=8
)


@pytest.mark.parametrize(("name", "text", "wanted"), EXAMPLES)
def test_what_a_perturbation_does(name: str, text: str, wanted: set[str]) -> None:
    assert {PERTURBATIONS[name](text, random.Random(seed)) for seed in range(8)} <= wanted


@pytest.mark.parametrize(("name", "text"), UNTOUCHED)
def test_what_a_perturbation_leaves_alone(name: str, text: str) -> None:
    assert all(PERTURBATIONS[name](text, random.Random(seed)) == text for seed in range(5))


@pytest.mark.parametrize("name", PERTURBATIONS)
@settings(max_examples=25, deadline=None)
@given(pieces=ROWS, seed=st.integers(0, 99))
def test_placeholders_stay_and_the_same_seed_gives_the_same(name: str, pieces: list[str], seed: int) -> None:
    text = "".join(pieces)
    first, second = (PERTURBATIONS[name](text, random.Random(seed)) for _ in range(2))
    assert first == second
    for mark in MARKS:
        assert first.count(mark) == text.count(mark)


def test_fairness_swaps_stay_in_their_group() -> None:
    swapped = {PERTURBATIONS["brand"]("华为比华为好", random.Random(seed)) for seed in range(30)}
    assert len(swapped) > 3
    for text in swapped:
        first, second = re.fullmatch("(.+)比(.+)好", text).groups()
        assert first == second != "华为"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "零"), (10, "十"), (11, "十一"), (100, "一百"), (105, "一百零五"), (110, "一百一十"), (1001, "一千零一"),
     (10000, "一万"), (20300, "二万零三百"), (100005, "十万零五"), (110000, "十一万")],
)  # fmt: skip
def test_numbers_in_characters(value: int, text: str) -> None:
    assert number(value) == text


@settings(deadline=None)
@given(st.integers(0, 99_999_999))
def test_numbers_can_be_read_back(value: int) -> None:
    assert read(number(value)) == value


def read(text: str) -> int:
    """A number in characters, read by the rules of school."""
    total = part = digit = 0
    for character in text:
        if character in "零一二三四五六七八九":
            digit = "零一二三四五六七八九".index(character)
        elif character in "十百千":
            part += (digit or 1) * 10 ** ("十百千".index(character) + 1)
            digit = 0
        else:
            total, part, digit = (total + part + digit) * 10_000, 0, 0
    return total + part + digit


def test_traditional_characters_go_back_to_the_simplified_ones() -> None:
    back = OpenCC("t2s")
    wrong = [chr(simple) for simple, other in TO_TRADITIONAL.items() if back.convert(chr(other)) != chr(simple)]
    assert len(TO_TRADITIONAL) > 1200
    # 著 is a surname's and a book's character in simplified writing too.
    assert len(wrong) <= 6, wrong
    assert "國" in TRADITIONAL_ONLY
    assert not TRADITIONAL_ONLY & set("我你好退货快递干里后")
