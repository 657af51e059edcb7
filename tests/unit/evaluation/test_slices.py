from __future__ import annotations

import numpy as np
import pytest
from evaluation_world import MOOD, STARS, WISH
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.evaluation.bootstrap import make_units
from xinyi.evaluation.metrics import score
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.evaluation.slices import attributes, slice_table, worst_slices
from xinyi.evaluation.slices.worst import benjamini_hochberg, row_losses
from xinyi.evaluation.slices.writing import emoji, length, personal_data, script

FEW = EvaluationSettings(resamples=100)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("我要退款", ("1-5", "han", "none", "none")),
        ("我的订单还没到，快点", ("6-15", "han", "none", "none")),
        ("請問甚麼時候發貨？", ("6-15", "traditional", "none", "none")),
        ("wifi连不上😡", ("6-15", "han and latin", "emoji", "none")),
        ("Where is my refund", ("16-40", "latin", "none", "none")),
        ("打[手机号]找我", ("6-15", "han", "none", "masked")),
        ("又断网[怒]", ("6-15", "han", "[表情]", "none")),
        ("？", ("1-5", "neither", "none", "none")),
        ("啊" * 101, ("101+", "han", "none", "none")),
    ],
)
def test_what_a_text_shows(text: str, wanted: tuple[str, ...]) -> None:
    assert (length(text), script(text), emoji(text), personal_data(text)) == wanted


def test_attributes_of_metadata_and_text() -> None:
    meta = {
        "channel": ["chat", "call", None, "chat"],
        "customer_id": ["a", "b", "c", "d"],
        "time": ["2026-06-02T14:06", "2026-07-01T03:00", "2026-07-09T20:59", None],
        "near_duplicate_in_training": ["1", "0", "true", "false"],
        "constant": ["x"] * 4,
        "outside.wish": [None, None, "yes", None],
    }
    found = attributes(["退款"] * 3 + ["我的快递到哪里了呀"], ["", "客服：您好", "", ""], meta)
    assert found == {
        "channel": ["chat", "call", None, "chat"],
        "time: month": ["2026-06", "2026-07", "2026-07", None],
        "time: part of day": ["afternoon", "night", "evening", None],
        "near_duplicate_in_training": ["yes", "no", "yes", "no"],
        "length": ["1-5", "1-5", "1-5", "6-15"],
        "context": ["without", "with", "without", "without"],
    }


@pytest.mark.parametrize(
    ("times", "months", "parts"),
    [
        (["2026/8/1 9:05", "2026/12/31 23:00:00"], ["2026-08", "2026-12"], ["morning", "evening"]),
        (["2026年8月1日 2:05", "2026.9.1 13:00"], ["2026-08", "2026-09"], ["night", "afternoon"]),
        (["2026/8/1", "2026-9-1 "], ["2026-08", "2026-09"], None),
        (["2026/8/1 9:05", "2026/2/30 9:05", "2026/9/1"], ["2026-08", None, "2026-09"], None),
        (["2026-08-01T14:06:00+08:00", "2026-08-01T20:06"], None, ["afternoon", "evening"]),
    ],
)
def test_dates_of_spreadsheets_are_dates(times, months, parts) -> None:
    found = attributes(["退款"] * len(times), [""] * len(times), {"at": times})
    assert (found.get("at: month"), found.get("at: part of day")) == (months, parts)
    assert "at" not in found


def test_columns_of_many_values_are_no_slices_and_rare_ones_are_gathered() -> None:
    texts = ["退款"] * 200
    names = attributes(texts, [""] * 200, {"who": [f"u{i}" for i in range(200)]})
    shops = [f"s{i % 30:02d}" if i < 120 else "s00" for i in range(200)]
    assert names == {}
    assert set(attributes(texts, [""] * 200, {"shop": shops})["shop"]) == {*(f"s{i:02d}" for i in range(15)), "others"}


def answers(size: int, seed: int, kind: str = "single"):
    rng = np.random.default_rng(seed)
    if kind == "multi":
        gold = (rng.random((size, 3)) < 0.3).astype(int)
        probs = np.clip(gold * 0.4 + rng.random((size, 3)) * 0.6, 0, 1)
        return gold, (probs >= 0.5).astype(int), probs
    labels = 5 if kind == "ordinal" else 4
    probs = rng.dirichlet(np.ones(labels), size)
    gold = np.where(rng.random(size) < 0.7, probs.argmax(1), rng.integers(labels, size=size))
    return gold, probs.argmax(1), probs


@pytest.mark.parametrize(("spec", "kind"), [(WISH, "single"), (STARS, "ordinal"), (MOOD, "multi")])
def test_a_slice_is_measured_on_its_own_rows(spec, kind: str) -> None:
    rows = answers(120, 1, kind)
    values = ["a"] * 70 + ["b"] * 40 + ["c"] * 7 + [None] * 3
    table = slice_table(spec, *rows, {"part": values}, None, FEW)["part"]
    assert [(value, part["n"], part["too_small"]) for value, part in table.items()] == [
        ("a", 70, False),
        ("b", 40, False),
        ("c", 7, True),
    ]
    inside = np.array([value == "b" for value in values])
    found = table["b"]["metrics"]["macro_f1"]
    assert found["value"] == pytest.approx(score("macro_f1", *(part[inside] for part in rows)))
    assert found["low"] <= found["value"] <= found["high"]
    assert found["n"] == 40
    small = table["c"]["metrics"]["macro_f1"]
    assert small["value"] is None
    assert "7 rows are too few" in small["why"]


def test_the_worst_slice_is_found_and_named() -> None:
    rng = np.random.default_rng(2)
    gold = rng.integers(4, size=600)
    channel = rng.choice(["chat", "call", "mail"], 600)
    script_of = rng.choice(["han", "traditional"], 600)
    bad = (channel == "call") & (script_of == "traditional")
    predicted = np.where(rng.random(600) < np.where(bad, 0.6, 0.1), (gold + 1) % 4, gold)
    parts = {"channel": list(channel), "script": list(script_of)}
    found = worst_slices("single", gold, predicted, parts, make_units(gold), least=30)
    first = found["found"][0]
    assert first["slice"] == {"channel": "call", "script": "traditional"}
    assert first["worse"]
    assert first["q"] < 0.001
    assert first["value"] == pytest.approx((gold != predicted)[bad].mean())
    assert first["rest"] == pytest.approx((gold != predicted)[~bad].mean())
    assert first["difference"]["low"] > 0
    assert found["tested"] == 3 + 2 + 6


def test_chance_is_rarely_called_worse() -> None:
    """Equal everywhere: any discovery at all in at most 8 % of 150 worlds (5 % wanted, and the noise of 150)."""
    rng, false = np.random.default_rng(5), 0
    for _ in range(150):
        gold, predicted = np.zeros(400, dtype=int), (rng.random(400) < 0.2).astype(int)
        parts = {name: list(rng.choice(["a", "b", "c"], 400)) for name in ("one", "two")}
        found = worst_slices("single", gold, predicted, parts, make_units(gold), least=30)
        false += any(row["worse"] for row in found["found"])
    assert false <= 12


def test_rows_of_one_conversation_are_not_independent() -> None:
    """A slice whose errors all come from one conversation of two proves less than one with many."""
    gold, predicted = np.zeros(200, dtype=int), np.repeat([1, 0], [40, 160])
    parts = {"part": ["a"] * 80 + ["b"] * 120}
    alone = worst_slices("single", gold, predicted, parts, make_units(gold), 30)["found"][0]
    together = make_units(gold, np.arange(200) // 40)
    grouped = worst_slices("single", gold, predicted, parts, together, 30)["found"][0]
    assert alone["worse"]
    assert not grouped["worse"]


def test_losses_by_kind() -> None:
    assert row_losses(np.array([0, 3]), np.array([2, 3]), "ordinal").tolist() == [2.0, 0.0]
    assert row_losses(np.array([0, 3]), np.array([2, 3]), "single").tolist() == [1.0, 0.0]
    assert row_losses(np.array([[1, 0], [1, 1]]), np.array([[0, 0], [1, 1]]), "multi").tolist() == [0.5, 0.0]


def test_nothing_to_compare() -> None:
    gold = np.zeros(40, dtype=int)
    assert worst_slices("single", gold, gold, {}, make_units(gold), 30)["tested"] == 0
    assert worst_slices("single", gold, gold, {"a": ["x"] * 20 + ["y"] * 20}, make_units(gold), 30)["found"] == []


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_benjamini_hochberg_by_its_definition(p: list[float]) -> None:
    """Reject the k smallest, k the largest with p_(k) <= k / m x rate."""
    values, rate = np.array(p), 0.1
    ordered = np.sort(values)
    under = np.flatnonzero(ordered <= rate * np.arange(1, len(p) + 1) / len(p) + 1e-15)
    limit = ordered[under[-1]] if len(under) else -1.0
    assert ((benjamini_hochberg(values) <= rate + 1e-12) == (values <= limit)).all()


def test_columns_that_name_customers_are_no_slices_and_values_are_masked():
    numbers = [f"1390013{i:04}" for i in range(30)]
    repeated = ["13900139002", "13900139003"] * 15
    found = attributes(["退款"] * 30, [""] * 30, {"phone": numbers, "line": repeated, "shop": ["甲", "乙"] * 15})
    assert "phone" not in found
    assert "line" not in found  # one placeholder is left of it
    assert found["shop"] == ["甲", "乙"] * 15
