"""The paired statistics against scipy, against drawing rows one by one, and by properties."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from xinyi.evaluation.exact import upper_share
from xinyi.evaluation.metrics.table import METRICS
from xinyi.evaluation.paired.difference import NoDifference, difference, score, wins_and_losses
from xinyi.evaluation.paired.holm import holm
from xinyi.evaluation.paired.match import Decided, Pair
from xinyi.evaluation.paired.mcnemar import worse
from xinyi.evaluation.paired.planning import detectable, more_rows, standard_error
from xinyi.evaluation.paired.resample import BY_DECISION


def make_pair(size: int, labels: int, seed: int = 0, units: Sequence[int] | None = None, multi: bool = False) -> Pair:
    rng = np.random.default_rng(seed)

    def answer(gold: np.ndarray) -> Decided:
        probs_BC = rng.dirichlet(np.ones(labels), size=size)
        if multi:
            return Decided((rng.random((size, labels)) < 0.2) ^ (gold == 1).astype(np.int64), probs_BC)
        given = np.where(rng.random(size) < 0.7, gold, rng.integers(labels, size=size))
        return Decided(given, probs_BC)

    gold = rng.integers(2, size=(size, labels)) if multi else rng.integers(labels, size=size)
    drawn = np.arange(size) if units is None else np.asarray(units)
    names = tuple(f"l{k}" for k in range(labels))
    return Pair("multi" if multi else "single", names, gold, answer(gold), answer(gold), drawn, np.arange(size))


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_agrees_with_scipy(won: int, lost: int) -> None:
    expected = binomtest(lost, won + lost, 0.5, "greater").pvalue if won + lost else 1.0
    assert worse(won, lost) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_with_many_rows() -> None:
    assert worse(4000, 4300) == pytest.approx(float(binom.sf(4299, 8300, 0.5)), rel=1e-9)
    assert worse(0, 0) == 1.0
    assert worse(5, 0) == 1.0
    assert worse(0, 5) == 1 / 32


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_the_step_down_procedure(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    m = len(p_values)
    for alpha in (0.01, 0.05, 0.2):
        rejected, left = set(), sorted(range(m), key=lambda i: p_values[i])
        for rank, place in enumerate(left):
            if p_values[place] * (m - rank) > alpha:
                break
            rejected.add(place)
        assert {i for i in range(m) if adjusted[i] <= alpha} == rejected
    assert all(a >= p for a, p in zip(adjusted, p_values, strict=True))


def test_patterns_give_the_same_spread_as_rows() -> None:
    """Multinomial counts of like rows against drawing rows within their label."""
    pair = make_pair(300, 3)
    found = difference(pair, "macro_f1", count=4000)
    rng, spread = np.random.default_rng(3), []
    strata = [np.flatnonzero(pair.gold == label) for label in range(3)]
    for _ in range(2000):
        part = pair.take(np.concatenate([rng.choice(own, len(own)) for own in strata]))
        spread.append(score(part, part.candidate, "macro_f1") - score(part, part.champion, "macro_f1"))
    assert found.error == pytest.approx(np.std(spread), rel=0.08)
    assert [found.low, found.high] == pytest.approx(np.quantile(spread, [0.025, 0.975]), abs=0.1 * found.error + 0.004)


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_every_metric_turns_round_with_its_sides(metric: str) -> None:
    kinds = METRICS[metric].kinds
    # Five of the labels are only a part of at least six.
    pair = make_pair(240, 6 if metric == "top5_accuracy" else 4, multi=kinds == ("multi",))
    swapped = Pair(pair.kind, pair.labels, pair.gold, pair.champion, pair.candidate, pair.units, pair.positions)
    one, other = difference(pair, metric, count=400), difference(swapped, metric, count=400)
    assert one.value == pytest.approx(-other.value)
    better = METRICS[metric].higher_is_better
    assert (one.value > 0) == ((one.values[0] > one.values[1]) == better)
    assert one.low <= one.value <= one.high
    assert abs((one.high - one.low) - (other.high - other.low)) < 0.4 * (one.high - one.low)


def test_decision_metrics_do_not_look_at_probabilities() -> None:
    """Else a pattern could not stand for its rows."""
    for multi in (False, True):
        pair = make_pair(120, 4, multi=multi)
        other = Decided(pair.candidate.predicted, np.zeros_like(pair.candidate.probs_BC))
        for metric in BY_DECISION:
            if ("multi" in METRICS[metric].kinds) == multi or len(METRICS[metric].kinds) == 3:
                assert score(pair, pair.candidate, metric) == score(pair, other, metric)


def test_rows_of_one_conversation_are_drawn_together() -> None:
    """Four copies of each row know no more than one: the interval must not shrink by half."""
    once = make_pair(100, 3)
    rows = np.repeat(np.arange(100), 4)
    copies = once.take(rows)
    assert copies.drawn.name == "conversation"
    single, fourfold = difference(once, "accuracy"), difference(copies, "accuracy")
    assert fourfold.error == pytest.approx(single.error, rel=0.15)
    assert (single.test, fourfold.test) == ("mcnemar", "bootstrap")


def test_hardly_any_change_still_has_a_wide_interval() -> None:
    """Two models that agree on all of 50 rows may differ on the next 50."""
    for size, widest in ((50, 0.10), (2000, 0.003)):
        pair = make_pair(size, 3)
        alike = Pair("single", pair.labels, pair.gold, pair.candidate, pair.candidate, pair.units, pair.positions)
        found = difference(alike, "accuracy")
        assert (found.value, found.changed) == (0.0, 0)
        # Clopper and Pearson's bound for none of n.
        assert -found.low == pytest.approx(1 - 0.025 ** (1 / size), rel=1e-6)
        assert -found.low < widest


def test_a_difference_stays_within_what_the_metric_allows() -> None:
    """One row of a label that has only that one moves macro F1 by far more than one row in n."""
    pair = make_pair(16, 3).take(np.arange(16))
    gold = np.array([0] * 15 + [1])
    alike = Pair("single", pair.labels, gold, pair.candidate, pair.candidate, pair.units, pair.positions)
    found = difference(alike, "macro_f1")
    assert -1.0 <= found.low < -0.5
    assert 0.5 < found.high <= 1.0


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(10, 3000))
def test_the_bound_on_what_was_not_seen(seen: int, n: int) -> None:
    share = upper_share(seen, n, 0.025)
    assert share == pytest.approx(binomtest(seen, n).proportion_ci(0.95).high, rel=1e-4)


def test_a_loss_is_told_from_a_win() -> None:
    pair = make_pair(400, 3)
    better = Decided(pair.gold, pair.candidate.probs_BC)
    won = Pair("single", pair.labels, pair.gold, better, pair.champion, pair.units, pair.positions)
    lost = Pair("single", pair.labels, pair.gold, pair.champion, better, pair.units, pair.positions)
    assert wins_and_losses(won)[1] == wins_and_losses(lost)[0] == 0
    for metric in ("accuracy", "macro_f1"):
        assert difference(won, metric).p > 0.99
        assert difference(lost, metric).p < 1e-6


def test_the_same_comparison_gives_the_same_numbers() -> None:
    pair = make_pair(200, 3)
    assert difference(pair, "macro_f1", name="a") == difference(pair, "macro_f1", name="a")
    assert difference(pair, "macro_f1", name="a") != difference(pair, "macro_f1", name="b")


def test_what_is_not_defined_says_so() -> None:
    with pytest.raises(NoDifference, match="not defined"):
        difference(make_pair(200, 3), "top3_accuracy")
    with pytest.raises(NoDifference, match="these 1 rows"):
        difference(make_pair(200, 3).take(np.arange(1)), "accuracy")


@settings(deadline=None)
@given(st.floats(0.001, 0.2), st.floats(0.002, 0.3), st.integers(10, 5000))
def test_so_many_more_rows_make_the_gap_detectable(error: float, gap: float, n: int) -> None:
    more = more_rows(error, gap, n, 0.025)
    if more is not None:
        shrunk = error * np.sqrt(n / (n + more))
        assert detectable(shrunk, 0.025) <= gap * 1.0001
    assert more_rows(error, 0.0, n, 0.025) is None
    assert standard_error(-1.96 * error, 1.96 * error) == pytest.approx(error, rel=1e-4)


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (1, 0), (5, 0), (0, 5), (12, 3), (7, 7)])
def test_two_sided_mcnemar_is_the_exact_binomial_test(won: int, lost: int) -> None:
    gold, wrong = np.zeros(400, np.int64), np.ones(won + lost, np.int64)
    ours, theirs = gold.copy(), gold.copy()
    theirs[:won] = wrong[:won]
    ours[won : won + lost] = wrong[won:]
    sides = (Decided(given, np.eye(2)[given]) for given in (ours, theirs))
    pair = Pair("single", ("a", "b"), gold, *sides, np.arange(400), np.arange(400))
    expected = binomtest(won, won + lost).pvalue if won + lost else 1.0
    assert difference(pair, "accuracy").both == pytest.approx(expected)


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "log_loss"])
def test_equal_answers_differ_by_nothing(metric: str) -> None:
    pair = make_pair(200, 3)
    same = Pair("single", pair.labels, pair.gold, pair.champion, pair.champion, pair.units, pair.positions)
    assert difference(same, metric).both == 1.0
    there, back = difference(pair, metric), difference(turned(pair), metric)
    assert there.both == pytest.approx(back.both, abs=0.05)


def turned(pair: Pair) -> Pair:
    """The two sides exchanged."""
    return Pair("single", pair.labels, pair.gold, pair.champion, pair.candidate, pair.units, pair.positions)
