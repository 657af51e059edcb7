from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score, roc_curve

from xinyi.evaluation.density import fit_density
from xinyi.evaluation.exact import exact_ends
from xinyi.evaluation.outside import auroc, fpr_at_recall, separation
from xinyi.evaluation.selective import area, at_threshold, curve, fit_threshold, risk_coverage, summary, upper_bound

SCORES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1)), min_size=1, max_size=40)
POINTS = st.lists(st.integers(0, 8), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(rows=SCORES)
def test_the_curve_is_what_each_threshold_gives(rows: list[tuple[int, int]]) -> None:
    score, wrong = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    thresholds, coverage, risk = risk_coverage(score, wrong)
    assert thresholds.tolist() == sorted(set(score), reverse=True)
    for place, limit in enumerate(thresholds):
        given_rows = score >= limit
        assert coverage[place] == pytest.approx(given_rows.mean())
        assert risk[place] == pytest.approx(wrong[given_rows].mean())
        found = at_threshold(score, wrong, limit, np.ones((len(score), 1)))
        assert (found[0][0], found[1][0]) == pytest.approx((coverage[place], risk[place]))
    assert coverage[-1] == 1.0
    assert risk[-1] == pytest.approx(wrong.mean())


def test_area_is_the_mean_risk_over_coverage() -> None:
    score, wrong = np.array([4.0, 3.0, 2.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0])
    assert area(score, wrong) == pytest.approx((0 + 0 + 1 / 3 + 2 / 4) / 4)
    assert area(-score, wrong) == pytest.approx((1 + 1 + 2 / 3 + 2 / 4) / 4)
    assert area(np.zeros(4), wrong) == pytest.approx(0.5)
    assert len(curve(np.arange(5000.0), np.zeros(5000))) <= 60
    assert curve(np.zeros(0), np.zeros(0)) == []


@pytest.mark.parametrize(("errors", "n"), [(0, 50), (3, 90), (40, 100), (10, 10)])
def test_upper_bound_agrees_with_scipy(errors: int, n: int) -> None:
    expected = binomtest(errors, n, alternative="less").proportion_ci(0.95, method="exact").high
    assert upper_bound(errors, n, 0.05) == pytest.approx(expected)


def test_a_threshold_is_the_lowest_that_keeps_the_risk() -> None:
    score, wrong = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([0.0, 1.0, 0.0, 0.0, 1.0])
    assert fit_threshold(score, wrong, 0.25, promise=False) == 0.6
    assert fit_threshold(score, wrong, 0.1, promise=False) == 0.9
    assert fit_threshold(score, 1.0 - wrong * 0, 0.1, promise=False) is None
    assert fit_threshold(score, wrong, 0.25) is None, "five rows can promise nothing"
    assert fit_threshold(np.linspace(0, 1, 2000), np.zeros(2000), 0.03) == 0.0


def test_a_promise_is_kept_on_new_rows() -> None:
    """The true risk at the fitted threshold exceeds the limit in at most 5 % of 200 draws of 2,000 rows."""
    rng, limit, broken, answered = np.random.default_rng(3), 0.1, 0, 0
    for _ in range(200):
        score = rng.random(2000)
        # The error rate at a score s is (1 - s) / 2, so that among scores from t on it is (1 - t) / 4.
        wrong = (rng.random(2000) < (1.0 - score) / 2.0).astype(float)
        threshold = fit_threshold(score, wrong, limit)
        if threshold is not None:
            answered += 1
            broken += (1.0 - threshold) / 4.0 > limit
    assert answered > 150
    assert broken <= 10


def test_a_summary_says_what_it_cannot_know() -> None:
    assert summary(float("nan"), np.array([0.1]), 5, 5, 0.95)["why"]
    assert summary(0.2, np.array([np.nan, 0.1]), 5, 5, 0.95)["low"] is None
    found = summary(0.2, np.linspace(0, 1, 101), 50, 50, 0.9)
    assert (found["low"], found["high"]) == pytest.approx((0.05, 0.95))


@pytest.mark.parametrize(("hits", "n"), [(0, 40), (1, 40), (9, 2000), (40, 40), (3, 8), (1, 1)])
def test_few_events_reach_as_far_as_the_exact_interval(hits: int, n: int) -> None:
    """SciPy's Clopper-Pearson; towards a side with many rows resamples tell, and nothing is added."""
    exact = binomtest(hits, n).proportion_ci(0.95, method="exact")
    low, high = exact_ends(hits / n, n, 0.025)
    assert high == pytest.approx(exact.high if hits < 10 else hits / n, abs=1e-9)
    assert low == pytest.approx(exact.low if n - hits < 10 else hits / n, abs=1e-9)
    found = summary(hits / n, np.full(200, hits / n), max(n, 2), n, 0.95)
    assert (found["low"], found["high"]) == pytest.approx((low, high))
    assert found["high"] - found["low"] > 0.001


def test_one_message_outside_says_little() -> None:
    inside = np.random.default_rng(2).random(300)
    found = separation({"s": np.append(inside, 0.1)}, np.arange(301) == 300, 0.95, 0)["s"]
    assert found["auroc"]["high"] - found["auroc"]["low"] > 0.9
    assert (found["fpr95"]["n"], found["fpr95"]["low"]) == (1, None)


@settings(max_examples=40, deadline=None)
@given(inside=POINTS, outside=POINTS)
def test_separation_agrees_with_scikit_learn(inside: list[int], outside: list[int]) -> None:
    a, b = np.array(inside, dtype=float), np.array(outside, dtype=float)
    truth, score = np.repeat([1, 0], [len(a), len(b)]), np.concatenate([a, b])
    assert auroc(a, b) == pytest.approx(roc_auc_score(truth, score))
    fpr, tpr, _ = roc_curve(truth, score, drop_intermediate=False)
    assert fpr_at_recall(a, b) == pytest.approx(fpr[tpr >= 0.95 - 1e-12].min())


def test_separation_of_what_is_apart_and_what_is_not() -> None:
    rng = np.random.default_rng(0)
    outside = np.repeat([False, True], [300, 80])
    scores = {"good": np.where(outside, -1.0, 1.0) + rng.normal(0, 0.1, 380), "none": rng.random(380)}
    found = separation(scores, outside, 0.95, 0)
    assert found["good"]["auroc"]["value"] == 1.0
    assert found["good"]["fpr95"]["value"] == 0.0
    assert found["none"]["auroc"]["low"] < 0.5 < found["none"]["auroc"]["high"]
    assert np.isnan(auroc(np.zeros(0), np.ones(2)))


def test_mahalanobis_by_its_definition() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(3, size=600)
    vectors = rng.normal(size=(600, 4)) @ rng.normal(size=(4, 4)) + labels[:, None] * 3.0
    density = fit_density(vectors, labels)
    means = np.stack([vectors[labels == label].mean(axis=0) for label in range(3)])
    cov = np.cov((vectors - means[labels]).T, bias=True)
    cov += 1e-2 * np.trace(cov) / 4 * np.eye(4)
    point = vectors[:5]
    expected = [min((x - m) @ np.linalg.inv(cov) @ (x - m) for m in means) for x in point]
    assert (-density.score(point)) == pytest.approx(expected)
    assert density.score(np.full((1, 4), 50.0))[0] < density.score(vectors).min()


def test_density_of_rows_without_labels_or_with_several() -> None:
    assert fit_density(np.ones((4, 2)), np.full(4, -1)) is None
    several = fit_density(np.eye(4), np.array([[1, 1], [0, 1], [-1, -1], [1, 0]]))
    assert np.isfinite(several.score(np.eye(4))).all()
    constant = fit_density(np.ones((5, 3)), np.zeros(5, dtype=int))
    assert np.isfinite(constant.score(np.zeros((1, 3)))).all()
