from __future__ import annotations

import numpy as np
import pytest
from evaluation_world import MOOD, STARS, WISH
from scipy.stats import binomtest
from sklearn import metrics as sk
from sklearn.dummy import DummyClassifier

from xinyi.evaluation.baseline import baseline, train_counts
from xinyi.evaluation.bootstrap import make_units
from xinyi.evaluation.calibration import calibrate, expected_error, reliability
from xinyi.evaluation.clusters import effective_rows
from xinyi.evaluation.errors import confident_mistakes, shorten
from xinyi.evaluation.metrics import Scored
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.evaluation.tables import confusion, per_label, wilson


def rows(seed: int = 0, size: int = 200):
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.ones(4), size)
    return np.where(rng.random(size) < 0.6, probs.argmax(1), rng.integers(4, size=size)), probs.argmax(1), probs


def marks(seed: int = 0, size: int = 150):
    rng = np.random.default_rng(seed)
    gold = (rng.random((size, 3)) < [0.5, 0.2, 0.1]).astype(int)
    probs = np.clip(gold * 0.3 + rng.random((size, 3)) * 0.7, 0, 1)
    return gold, (probs >= 0.5).astype(int), probs


def test_tables_agree_with_scikit_learn() -> None:
    gold, given, probs = rows()
    np.testing.assert_array_equal(confusion(WISH, gold, given)["matrix"], sk.confusion_matrix(gold, given))
    found = per_label(WISH, Scored.of(gold, given, probs))
    expected = sk.precision_recall_fscore_support(gold, given)
    for key, column in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        assert [row[key] for row in found] == pytest.approx(column.tolist())
    assert [row["zh"] for row in found] == ["咨询", "退货", "投诉", "表扬"]


def test_multi_tables_agree_with_scikit_learn() -> None:
    gold, given, probs = marks()
    np.testing.assert_array_equal(confusion(MOOD, gold, given)["matrix"], sk.multilabel_confusion_matrix(gold, given))
    found = per_label(MOOD, Scored.of(gold, given, probs))
    areas = sk.average_precision_score(gold, probs, average=None)
    assert [row["average_precision"] for row in found] == pytest.approx(areas.tolist())


def test_what_a_label_without_rows_scores_is_unknown_not_zero() -> None:
    gold = given = np.array([0, 1, 1])
    last = per_label(WISH, Scored.of(gold, given, np.eye(4)[gold]))[3]
    assert (last["precision"], last["recall"], last["recall_low"], last["f1"]) == (None, None, None, None)
    assert last["support"] == last["predicted"] == 0


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (5, 5), (3, 7), (180, 200)])
def test_wilson_agrees_with_scipy(hits: int, n: int) -> None:
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-6)
    assert wilson(hits, n)[0] <= hits / n <= wilson(hits, n)[1]


def test_expected_error_by_hand() -> None:
    """Two bins: claims .2 .2 with one true, claims .9 .9 with both true: (|.4 - 1| + |1.8 - 2|) / 4."""
    claimed, true = np.array([[0.2], [0.2], [0.9], [0.9]]), np.array([[0.0], [1.0], [1.0], [1.0]])
    assert expected_error(claimed, true, 2, np.ones((4, 1)))[0] == pytest.approx(0.2)
    table = reliability(claimed.ravel(), true.ravel(), 2)
    assert [(row["n"], row["confidence"], row["accuracy"]) for row in table] == [(2, 0.2, 0.5), (2, 0.9, 1.0)]
    order = np.array([3, 1, 0, 2])
    assert expected_error(claimed[order], true[order], 2, np.ones((4, 1)))[0] == pytest.approx(0.2)


def test_calibration_tells_an_honest_model_from_a_boaster() -> None:
    rng = np.random.default_rng(4)
    probs = rng.dirichlet(np.ones(4) * 0.6, 1500)
    gold = np.array([rng.choice(4, p=p) for p in probs])
    boast = probs**3 / (probs**3).sum(1, keepdims=True)
    units, settings = make_units(gold), EvaluationSettings(resamples=200)
    honest = calibrate(gold, probs.argmax(1), probs, units, settings, 1.0)
    boaster = calibrate(gold, boast.argmax(1), boast, units, settings, 1.0)
    assert honest["ece"] < 0.04 < 0.1 < boaster["low"] <= boaster["ece"] <= boaster["high"]
    assert honest["low"] <= honest["ece"] <= honest["high"]
    assert sum(row["n"] for row in honest["reliability"]) == 1500
    assert len(honest["reliability"]) == 10


def test_recall_of_rows_that_hang_together_is_worth_fewer() -> None:
    """100 conversations of 10 alike turns are worth 100 rows; independent ones of as many turns all 1,000."""
    rng, units = np.random.default_rng(1), np.arange(1000) // 10
    alike, free = np.repeat(rng.random(100) < 0.6, 10), rng.random(1000) < 0.6
    assert effective_rows(alike, units) == pytest.approx(100, rel=0.02)
    assert 750 < effective_rows(free, units) <= 1000
    assert effective_rows(free, np.arange(1000)) == 1000
    assert (effective_rows(alike | True, units), effective_rows(alike[:50], units[:50])) == (100, 5)
    assert effective_rows(alike[:0], units[:0]) == 0
    gold, given = np.zeros(1000, dtype=int), np.where(alike, 0, 1)
    rows = Scored.of(gold, given, np.eye(4)[given])
    plain, wide = per_label(WISH, rows)[0], per_label(WISH, rows, units)[0]
    assert (wide["recall"], wide["support"]) == (plain["recall"], 1000)
    expected = binomtest(round(alike.mean() * 100), 100).proportion_ci(method="wilson")
    assert (wide["recall_low"], wide["recall_high"]) == pytest.approx((expected.low, expected.high), abs=0.002)
    assert per_label(WISH, rows, np.arange(1000))[0] == pytest.approx(plain)


def test_recall_intervals_of_conversations_cover_the_truth() -> None:
    """Conversations of 1 to 12 turns, each with its own rate: nearly 95 % of the intervals hold the overall one."""
    rng, held = np.random.default_rng(3), [0, 0]
    for _ in range(300):
        units = np.repeat(np.arange(60), rng.integers(1, 13, 60))
        hits = rng.random(len(units)) < rng.beta(1.4, 0.6, 60)[units]
        for place, worth in enumerate((effective_rows(hits, units), float(len(hits)))):
            low, high = wilson(hits.mean() * worth, worth)
            held[place] += low <= 0.7 <= high
    assert held[0] / 300 > 0.92
    assert held[1] / 300 < 0.8


@pytest.mark.parametrize("right", [True, False])
def test_calibration_where_all_answers_are_alike_claims_no_certainty(right: bool) -> None:
    """30 answers at 98 %, all right: by Clopper and Pearson up to 11.6 % might be wrong."""
    gold, probs = np.zeros(30, dtype=int), np.tile([0.98, 0.01, 0.01, 0.0] if right else [0.02, 0.98, 0, 0], (30, 1))
    settings = EvaluationSettings(resamples=200)
    found = calibrate(gold, probs.argmax(1), probs, make_units(gold), settings, 1.0)
    assert found["ece"] == pytest.approx(0.02 if right else 0.98)
    assert found["high"] == pytest.approx(min(1.0, found["ece"] + 0.1157), abs=1e-3)
    assert found["low"] == pytest.approx(max(0.0, found["ece"] - 0.1157), abs=1e-3)


def test_calibration_of_nothing_is_null() -> None:
    none = np.zeros(0, dtype=int)
    found = calibrate(none, none, np.zeros((0, 4)), make_units(none), EvaluationSettings(), 1.0)
    assert found["ece"] is None
    assert found["why"]


def test_mistakes_come_surest_first() -> None:
    probs = np.array([[0.6, 0.4, 0, 0], [0.1, 0.9, 0, 0], [0.2, 0.8, 0, 0], [0, 0, 0.3, 0.7], [0, 0, 0.3, 0.7]])
    gold, texts = np.array([0, 0, 2, 1, 1]), ["甲", "乙 " * 100, "丙", "丁", "戊"]
    found = confident_mistakes(WISH, ["e", "d", "c", "b", "a"], texts, gold, probs.argmax(1), probs, 3)
    assert [(row["id"], row["gold"], row["predicted"], row["probability"]) for row in found] == [
        ("d", "w0", "w1", 0.9),
        ("c", "w2", "w1", 0.8),
        ("a", "w1", "w3", 0.7),
    ]
    assert len(found[0]["text"]) == 120
    assert found[0]["text"].endswith("…")


def test_multi_mistakes_count_the_surest_wrong_decision() -> None:
    gold, probs = np.array([[1, 0, 0], [0, 0, 0]]), np.array([[0.05, 0.8, 0.1], [0.1, 0.1, 0.2]])
    found = confident_mistakes(MOOD, ["a", "b"], ["甲", "乙"], gold, (probs >= 0.5).astype(int), probs, 5)
    assert [(row["id"], row["gold"], row["predicted"]) for row in found] == [("a", ["anger"], ["joy"])]
    assert found[0]["probability"] == pytest.approx(0.95)


def test_shorten_keeps_one_line() -> None:
    assert shorten("一\n二\t 三") == "一 二 三"
    assert len(shorten("长" * 121)) == 120
    assert shorten("长" * 120) == "长" * 120


def test_baseline_agrees_with_a_dummy_classifier(data_summary: dict) -> None:
    gold, _, _ = rows()
    counts, total = train_counts(data_summary, WISH)
    assert (counts.tolist(), total) == ([50, 40, 0, 0], 90)
    train = np.repeat(np.arange(4), counts.astype(int))
    dummy = DummyClassifier(strategy="most_frequent").fit(np.zeros((90, 1)), train).predict(np.zeros((200, 1)))
    found = baseline(WISH, gold, counts, total)
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(gold, dummy))
    assert found["macro_f1"] == pytest.approx(sk.f1_score(gold, dummy, average="macro", zero_division=0))
    assert found["mcc"] == 0.0
    assert np.isfinite(found["log_loss"])


def test_multi_baseline_is_the_best_constant_set() -> None:
    gold, _, _ = marks()
    counts = np.array([50.0, 20.0, 9.0])
    found = baseline(MOOD, gold, counts, 100)
    constants = [np.tile(row, (len(gold), 1)) for row in ([0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1])]
    best = max(sk.f1_score(gold, constant, average="micro", zero_division=0) for constant in constants)
    assert found["micro_f1"] == pytest.approx(best)
    assert found["hamming_loss"] == pytest.approx(min(sk.hamming_loss(gold, constant) for constant in constants))
    assert found["mean_average_precision"] == pytest.approx(gold.mean())


def test_an_ordinal_constant_has_no_rank_correlation(data_summary: dict) -> None:
    gold = np.arange(50) % 5
    found = baseline(STARS, gold, *train_counts(data_summary, STARS))
    assert found["spearman"] is None
    assert found["quadratic_kappa"] == pytest.approx(0.0)


def test_no_training_counts_no_baseline() -> None:
    assert train_counts({"splits": {}}, WISH) is None
    assert train_counts({}, WISH) is None
