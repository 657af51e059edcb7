"""The promise in numbers: equal models are seldom called worse, a true drop is caught, a pass means what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from xinyi.evaluation.paired.difference import difference
from xinyi.evaluation.paired.match import Decided, Pair
from xinyi.gates.against import Comparison, NoRegression, settle

ROWS = 2000
LABELS = 3
ACCURACY = 0.85
# Share of rows that exactly one of the two models answers rightly: two trainings of one recipe differ by about so much.
DISAGREE = 0.12


def simulate(rng: np.random.Generator, drop: float, rows: int = ROWS) -> Pair:
    """Two models on unbalanced labels; the candidate's true accuracy is `drop` lower."""
    gold = rng.choice(LABELS, rows, p=[0.5, 0.3, 0.2])
    champion = rng.random(rows) < ACCURACY
    lost, won = (DISAGREE + drop) / 2, (DISAGREE - drop) / 2
    chance = rng.random(rows)
    candidate = np.where(champion, chance >= lost / ACCURACY, chance < won / (1 - ACCURACY))
    wrong = (gold + rng.integers(1, LABELS, rows)) % LABELS
    empty = np.zeros((rows, LABELS))
    sides = (Decided(np.where(right, gold, wrong), empty) for right in (candidate, champion))
    return Pair("single", ("a", "b", "c"), gold, *sides, np.arange(rows), np.arange(rows))


def answers(metric: str, drop: float, pairs: int, margin: float = 0.01, family: int = 1) -> list[list[str]]:
    """The gate's answers to `pairs` simulated releases of `family` comparisons each."""
    rng, found = np.random.default_rng(2), []
    rule = NoRegression(metric=metric, margin=margin)
    for number in range(pairs):
        compared = [
            Comparison(rule, "t", "", difference(simulate(rng, drop), metric, count=200, name=f"{number} {part}"))
            for part in range(family)
        ]
        found.append([outcome.answer for outcome in settle(compared)])
    return found


def share(found: list[list[str]], answer: str) -> float:
    """How many of the releases had this answer at least once."""
    return float(np.mean([answer in own for own in found]))


@pytest.mark.parametrize("metric", ["accuracy", pytest.param("macro_f1", marks=pytest.mark.slow)])
def test_equal_models_are_called_a_regression_in_at_most_5_percent(metric: str) -> None:
    found = answers(metric, 0.0, 2000)
    assert share(found, "fail") <= 0.05
    # Not for want of an answer: with room to be equal in, most equal models pass.
    assert share(answers(metric, 0.0, 200, margin=0.03), "pass") >= 0.9


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_a_drop_of_3_points_is_caught_in_at_least_80_percent(metric: str) -> None:
    found = answers(metric, 0.03, 300)
    assert share(found, "fail") >= 0.8
    assert share(found, "pass") <= 0.01


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_a_drop_as_large_as_the_margin_passes_in_at_most_5_percent(metric: str) -> None:
    assert share(answers(metric, 0.02, 400, margin=0.02), "pass") <= 0.05


@pytest.mark.slow
def test_ten_comparisons_raise_no_more_false_alarms_than_one() -> None:
    assert share(answers("accuracy", 0.0, 500, margin=0.0, family=10), "fail") <= 0.05


def test_without_the_correction_they_would() -> None:
    """The test above can fail: uncorrected, ten comparisons of equal models often have one that looks worse."""
    rng = np.random.default_rng(2)
    pairs = [difference(simulate(rng, 0.0), "accuracy", count=100) for _ in range(400)]
    alarms = [any(found.p <= 0.025 for found in pairs[i : i + 10]) for i in range(0, 400, 10)]
    assert np.mean(alarms) > 0.05


def test_the_smallest_detectable_drop_is_one_that_is_shown_in_80_percent() -> None:
    rng = np.random.default_rng(4)
    rule = NoRegression(metric="accuracy", margin=0.0)
    one = Comparison(rule, "t", "", difference(simulate(rng, 0.0), "accuracy"))
    least = settle([one])[0].detectable
    assert least is not None
    assert share(answers("accuracy", least, 300, margin=0.0), "fail") == pytest.approx(0.8, abs=0.07)


def test_as_many_more_rows_as_it_says_decide_most_often() -> None:
    rng = np.random.default_rng(11)
    rule, decided, tried = NoRegression(metric="accuracy", margin=0.02), 0, 0
    while tried < 40:
        true = 0.0
        first = difference(simulate(rng, true, 400), "accuracy", count=200)
        # The plan is for the difference as it was seen; take those that saw about the truth.
        outcome = settle([Comparison(rule, "t", "", replace(first, value=0.0))])[0]
        if outcome.answer != "undecided" or outcome.more_rows is None:
            continue
        tried += 1
        larger = difference(simulate(rng, true, 400 + outcome.more_rows), "accuracy", count=200)
        decided += settle([Comparison(rule, "t", "", larger)])[0].answer == "pass"
    assert 0.6 <= decided / tried <= 0.97
