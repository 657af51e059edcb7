"""Near-duplicates against the definition, pair by pair."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.data.near import ALIKE, SHORTEST, alike_in, earlier_alike, jaccard

WORDS = [
    "快递",
    "客服",
    "退款",
    "空调",
    "师傅",
    "耳机",
    "发票",
    "订单",
    "昨天",
    "今天",
    "一直",
    "没有",
    "收到",
    "联系",
    "非常",
    "满意",
    "安装",
    "维修",
    "太慢",
    "很好",
]


def _texts(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices(WORDS, k=chance.randint(6, 15))) for _ in range(count)]


def _column(texts: list[str]) -> pa.ChunkedArray:
    half = len(texts) // 2
    return pa.chunked_array([texts[:half], texts[half:]], pa.string())


def test_planted_copies_are_found():
    base = _texts(400, 1)
    edited = [text[:-1] + "啊" for text in base[:100]]
    found = alike_in(_column(base), _column(edited + _texts(100, 2)))
    assert (found[:100] == np.arange(100)).mean() > 0.9
    assert (found[100:] >= 0).mean() < 0.02


def test_what_is_found_is_alike():
    texts = _texts(300, 3) + [text.replace("客服", "顾问") for text in _texts(300, 3)]
    found = earlier_alike(_column(texts))
    rows = np.flatnonzero(found >= 0)
    assert len(rows)
    assert all(found[row] < row and jaccard(texts[row], texts[found[row]]) >= ALIKE for row in rows)


def test_nearly_all_pairs_are_found():
    """Of the pairs that a comparison of all with all finds, hardly any is missed."""
    texts = _texts(150, 4)
    texts += [text[: len(text) - 2] + "好了" for text in texts]
    true = [
        row for row in range(len(texts))
        if any(texts[row] != other and jaccard(texts[row], other) >= ALIKE for other in texts[:row])
    ]  # fmt: skip
    found = earlier_alike(_column(texts))
    assert np.mean([found[row] >= 0 for row in true]) > 0.95


def test_short_texts_and_exact_repeats():
    short, long = "好的谢谢", "这是一条够长的客户消息"
    assert len(short) < SHORTEST <= len(long)
    column = _column([short, short, long, long])
    assert earlier_alike(column).tolist() == [-1, -1, -1, -1]
    assert alike_in(column, column).tolist() == [-1, -1, 2, 2]


def test_empty_tables():
    nothing, some = pa.chunked_array([pa.array([], pa.string())]), _column(_texts(4, 1))
    assert alike_in(nothing, some).tolist() == [-1] * 4
    assert len(alike_in(some, nothing)) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=12))
def test_any_text_is_handled(texts: list[str]):
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    found = alike_in(_column(texts), _column(texts))
    assert [row >= 0 for row in found] == [len(text) >= SHORTEST for text in texts]
