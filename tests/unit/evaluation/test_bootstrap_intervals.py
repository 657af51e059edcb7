from __future__ import annotations

import numpy as np
import pytest

from xinyi.errors import ConfigError
from xinyi.evaluation.bootstrap import draw, estimates, make_units, number_units, weightings
from xinyi.evaluation.metrics import metrics_for
from xinyi.evaluation.settings import EvaluationSettings

FEW = EvaluationSettings(resamples=200)


def rows(size: int, right: float, seed: int, labels: int = 4):
    rng = np.random.default_rng(seed)
    gold = rng.integers(labels, size=size)
    predicted = np.where(rng.random(size) < right, gold, (gold + 1) % labels)
    probs = np.full((size, labels), 0.1) + np.eye(labels)[predicted] * 0.6
    return gold, predicted, probs / probs.sum(1, keepdims=True)


def test_same_seed_same_intervals_other_seed_other_intervals() -> None:
    answers = rows(150, 0.7, 1)
    units = make_units(answers[0])
    first = estimates("single", *answers, units, FEW, "a")
    assert first == estimates("single", *answers, units, FEW, "a")
    other = estimates("single", *answers, units, EvaluationSettings(resamples=200, seed=1), "a")
    assert first["accuracy"]["value"] == other["accuracy"]["value"]
    assert first["accuracy"]["low"] != other["accuracy"]["low"] or first["macro_f1"]["low"] != other["macro_f1"]["low"]


def test_chunks_hold_every_resample_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xinyi.evaluation.bootstrap.CHUNK", 150 * 7)
    chunks = list(weightings(make_units(np.zeros(150, dtype=int)), FEW, "x"))
    assert [chunk.shape[1] for chunk in chunks] == [7] * 28 + [4]


def test_strata_keep_each_labels_rows() -> None:
    gold = np.array([0] * 30 + [1] * 12 + [2] * 8)
    weights = draw(make_units(gold), 50, np.random.default_rng(0))
    assert weights.shape == (50, 50)
    for label, count in ((0, 30), (1, 12), (2, 8)):
        assert (weights[gold == label].sum(axis=0) == count).all()


def test_labels_with_few_rows_are_drawn_together() -> None:
    gold = np.array([0] * 20 + [1, 2])
    weights = draw(make_units(gold), 300, np.random.default_rng(0))
    assert len(np.unique(weights[20])) > 1


def test_multi_rows_are_drawn_within_their_rarest_label() -> None:
    gold = np.array([[1, 0]] * 10 + [[1, 1]] * 6 + [[0, 0]] * 9)
    weights = draw(make_units(gold), 20, np.random.default_rng(0))
    for part, count in ((slice(0, 10), 10), (slice(10, 16), 6), (slice(16, 25), 9)):
        assert (weights[part].sum(axis=0) == count).all()


def test_conversations_are_drawn_whole() -> None:
    names = [f"c{row // 3}" for row in range(30)]
    units = make_units(np.arange(30) % 2, number_units(names))
    assert (units.name, len(units)) == ("conversation", 10)
    weights = draw(units, 40, np.random.default_rng(0))
    assert (weights[0::3] == weights[1::3]).all()
    assert (weights[0::3] == weights[2::3]).all()


def test_rows_without_a_conversation_stand_alone() -> None:
    gold = np.array([0, 1, 0, 1])
    assert make_units(gold, number_units([None, "", None, "a"])).name == "row"
    assert len(make_units(gold, number_units([None, "", "a", "a"]))) == 3


def test_a_group_stands_in_where_there_is_no_conversation() -> None:
    units = number_units(["a", "a", None, None, None, ""], ["1", "2", "a", "a", None, "1"])
    assert [(units == unit).nonzero()[0].tolist() for unit in dict.fromkeys(units.tolist())] == [
        [0, 1],
        [2, 3],
        [4],
        [5],
    ]


def test_dependent_turns_widen_the_interval() -> None:
    """Rows copied within a conversation are no new evidence."""
    gold, predicted, probs = (np.repeat(part, 8, axis=0) for part in rows(60, 0.7, 3))
    names = [f"c{row // 8}" for row in range(len(gold))]
    settings = EvaluationSettings(resamples=500)
    alone = estimates("single", gold, predicted, probs, make_units(gold), settings)["accuracy"]
    whole = estimates("single", gold, predicted, probs, make_units(gold, number_units(names)), settings)["accuracy"]
    assert whole["high"] - whole["low"] > 2 * (alone["high"] - alone["low"])


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """95 % intervals of accuracy on 200 rows, 200 data sets: below 90 % coverage would be a broken bootstrap."""
    hits = 0
    for seed in range(200):
        answers = rows(200, 0.75, 1000 + seed)
        found = estimates("single", *answers, make_units(answers[0]), FEW, str(seed))["accuracy"]
        hits += found["low"] <= 0.75 <= found["high"]
    assert 180 <= hits <= 199


def test_interval_agrees_with_scipy() -> None:
    from scipy.stats import bootstrap

    answers = rows(200, 0.6, 5)
    right = (answers[0] == answers[1]).astype(float)
    settings = EvaluationSettings(resamples=4000)
    one_stratum = make_units(np.zeros(200, dtype=int))
    ours = estimates("single", *answers, one_stratum, settings)["accuracy"]
    theirs = bootstrap((right,), np.mean, n_resamples=4000, method="percentile", rng=0).confidence_interval
    assert ours["low"] == pytest.approx(theirs.low, abs=0.01)
    assert ours["high"] == pytest.approx(theirs.high, abs=0.01)


def test_all_right_is_not_certainty() -> None:
    gold = np.arange(20) % 4
    probs = np.full((20, 4), 0.01) + np.eye(4)[gold] * 0.96
    found = estimates("single", gold, gold, probs, make_units(gold), FEW)["accuracy"]
    assert found["value"] == found["high"] == 1.0
    assert found["low"] == pytest.approx(0.025 ** (1 / 20))


def test_nothing_to_measure_is_null_with_a_reason() -> None:
    none = np.zeros(0, dtype=int)
    for found in estimates("single", none, none, np.zeros((0, 4)), make_units(none), FEW).values():
        assert found["value"] is found["low"] is found["high"] is None
        assert found["n"] == 0
        assert found["why"]
    one = estimates("single", np.array([1]), np.array([1]), np.eye(4)[[1]], make_units(np.array([1])), FEW)
    assert one["accuracy"]["value"] == 1.0
    assert one["accuracy"]["low"] is None
    assert one["accuracy"]["why"]


def test_an_undefined_metric_is_null() -> None:
    gold = np.zeros(30, dtype=int)
    found = estimates("ordinal", gold, gold, np.tile([0.8, 0.1, 0.1], (30, 1)), make_units(gold), FEW)
    assert found["spearman"]["value"] is None
    assert found["spearman"]["why"]
    assert {metric.name for metric in metrics_for("ordinal")} == set(found)


def test_settings_outside_their_range_are_reported_together() -> None:
    with pytest.raises(ConfigError) as caught:
        EvaluationSettings(resamples=1, confidence=1.0, bins=0)
    assert len(caught.value.problems) == 3
