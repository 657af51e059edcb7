"""What holds for every metric, whatever the answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.evaluation.metrics import METRICS, metrics_for, multi, ordinal, score, score_all, shared, single

KINDS = ("single", "ordinal", "multi")


@st.composite
def answers(draw: st.DrawFn, kind: str):
    """Gold, decisions and probabilities that belong together, ties and constant answers included."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size, labels = draw(st.integers(1, 25)), draw(st.integers(2, 6))
    probs = np.round(rng.random((size, labels)), draw(st.integers(0, 3)))
    if kind == "multi":
        return rng.integers(2, size=(size, labels)), (probs >= 0.5).astype(int), probs
    probs = (probs + 0.01) / (probs + 0.01).sum(axis=1, keepdims=True)
    return rng.integers(labels, size=size), probs.argmax(axis=1), probs


def same(left: dict[str, float], right: dict[str, float]) -> bool:
    return left.keys() == right.keys() and all(
        (math.isnan(value) and math.isnan(right[name])) or abs(value - right[name]) < 1e-9
        for name, value in left.items()
    )


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_values_lie_in_the_range_of_the_table(kind: str, data: st.DataObject) -> None:
    gold, decided, probs = data.draw(answers(kind))
    for name, value in score_all(kind, gold, decided, probs).items():
        metric = METRICS[name]
        assert math.isnan(value) or metric.low - 1e-9 <= value <= metric.top(probs.shape[1]) + 1e-9, name


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_order_of_rows_does_not_matter(kind: str, data: st.DataObject) -> None:
    gold, decided, probs = data.draw(answers(kind))
    order = np.random.default_rng(len(gold)).permutation(len(gold))
    assert same(score_all(kind, gold, decided, probs), score_all(kind, gold[order], decided[order], probs[order]))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_perfect_answers_are_best(kind: str, data: st.DataObject) -> None:
    gold, _, probs = data.draw(answers(kind))
    sure = gold.astype(float) if kind == "multi" else np.eye(probs.shape[1])[gold]
    constant = kind != "multi" and len(np.unique(gold)) == 1
    for name, value in score_all(kind, gold, gold, sure).items():
        best = METRICS[name].high if METRICS[name].higher_is_better else METRICS[name].low
        # The correlation with a constant says nothing, and a task without any label has no F1.
        undefined = (constant and name in ("mcc", "spearman", "quadratic_kappa")) or math.isnan(value)
        assert undefined or value == pytest.approx(best, abs=1e-9), name


@pytest.mark.parametrize("kind", ["single", "multi"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_renaming_labels_does_not_matter(kind: str, data: st.DataObject) -> None:
    gold, decided, probs = data.draw(answers(kind))
    order = np.random.default_rng(7).permutation(probs.shape[1])
    place = np.argsort(order)
    renamed = (gold[:, order], decided[:, order]) if kind == "multi" else (place[gold], place[decided])
    before, after = score_all(kind, gold, decided, probs), score_all(kind, *renamed, probs[:, order])
    for scores in (before, after):
        for name in ("top3_accuracy", "top5_accuracy"):  # break ties by a label's position
            scores.pop(name, None)
    assert same(before, after)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_turning_the_scale_round_keeps_ordinal_metrics(data: st.DataObject) -> None:
    gold, decided, probs = data.draw(answers("ordinal"))
    top = probs.shape[1] - 1
    before = score_all("ordinal", gold, decided, probs)
    after = score_all("ordinal", top - gold, top - decided, probs[:, ::-1])
    for scores in (before, after):
        for name in ("top3_accuracy", "top5_accuracy"):
            scores.pop(name)
    assert same(before, after)


def test_every_public_function_stands_in_the_table() -> None:
    """A metric that is not classified has no direction, so that no gate could judge it."""
    helpers = {multi.average_precision}
    found = {
        function
        for module in (shared, single, ordinal, multi)
        for name, function in vars(module).items()
        if callable(function) and not name.startswith("_") and getattr(function, "__module__", "") == module.__name__
    }
    assert found - helpers == {metric.function for metric in METRICS.values()}


def test_the_table_is_whole() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name == metric.function.__name__
        assert metric.direction in ("higher", "lower")
        assert metric.low < metric.high
        assert metric.definition
        assert set(metric.kinds) <= set(KINDS)
    assert all(len(metrics_for(kind)) >= 8 for kind in KINDS)


def test_no_rows_give_nan() -> None:
    empty = np.zeros(0, dtype=int)
    assert math.isnan(score("accuracy", empty, empty, np.zeros((0, 3))))
    assert all(map(math.isnan, score_all("single", empty, empty, np.zeros((0, 3))).values()))


def test_top3_says_nothing_about_three_labels() -> None:
    probs = np.array([[0.2, 0.3, 0.5], [0.5, 0.3, 0.2]])
    assert math.isnan(score("top3_accuracy", np.array([0, 1]), probs.argmax(1), probs))


def test_an_empty_answer_to_an_empty_row_is_right() -> None:
    nothing = np.zeros((4, 3), dtype=int)
    scores = score_all("multi", nothing, nothing, np.full((4, 3), 0.1))
    assert scores["sample_f1"] == scores["jaccard"] == scores["subset_accuracy"] == 1.0
    assert math.isnan(scores["micro_f1"])
    assert math.isnan(scores["mean_average_precision"])
