from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from tiny_bundle import DECODINGS, TASKS

from xinyi.export.loss import Answered, loss

SENTIMENT, EMOTION, INTENT = TASKS


def answered(task, gold, trained, other) -> Answered:
    return Answered(task, DECODINGS[task.id], np.asarray(gold), np.asarray(trained), np.asarray(other))


def noisy(rows: int, seed: int, scale: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    gold = rng.integers(3, size=rows)
    trained = np.eye(3)[gold] * 2 + rng.normal(size=(rows, 3))
    return gold, trained, trained + scale * rng.normal(size=(rows, 3))


def test_the_loss_is_the_difference_that_scikit_learn_finds() -> None:
    gold, trained, other = noisy(200, 0, 1.5)
    found = loss(answered(INTENT, gold, trained, other))
    scores = [f1_score(gold, side.argmax(1), average="macro") for side in (trained, other)]
    assert found["trained"] == pytest.approx(scores[0])
    assert found["got"] == pytest.approx(scores[1])
    assert found["loss"] == pytest.approx(scores[0] - scores[1])
    assert found["low"] < found["loss"] < found["high"]
    assert found["changed"] == int((trained.argmax(1) != other.argmax(1)).sum())
    assert found["n"] == 200


def test_a_multi_task_is_decided_by_its_thresholds() -> None:
    rng = np.random.default_rng(1)
    gold = rng.integers(2, size=(80, 3))
    trained = (gold * 2 - 1) + rng.normal(size=(80, 3))
    found = loss(answered(EMOTION, gold, trained, trained - 2.0))
    decoding = DECODINGS["emotion"]
    decided = [1 / (1 + np.exp(-side / decoding.temperature)) >= decoding.thresholds for side in (trained, trained - 2)]
    scores = [f1_score(gold, side, average="macro") for side in decided]
    assert found["loss"] == pytest.approx(scores[0] - scores[1])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(5, 60))
def test_the_same_answers_lose_nothing_and_the_bound_still_shrinks_with_rows(seed: int, rows: int) -> None:
    gold, trained, _ = noisy(rows, seed, 0.0)
    found = loss(answered(SENTIMENT, gold, trained, trained * 1.0))
    assert found["loss"] == found["low"] == found["changed"] == 0
    assert found["high"] == pytest.approx(1 - 0.025 ** (1 / rows))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_swapping_the_sides_turns_the_sign(seed: int) -> None:
    gold, trained, other = noisy(60, seed, 1.0)
    there, back = (loss(answered(INTENT, gold, *pair)) for pair in ((trained, other), (other, trained)))
    assert there["loss"] == pytest.approx(-back["loss"])
    assert there["changed"] == back["changed"]


def test_no_labelled_rows_is_no_measurement() -> None:
    found = loss(answered(INTENT, np.zeros(0, int), np.zeros((0, 3)), np.zeros((0, 3))))
    assert found["loss"] is None
    assert found["why"] == "no labelled validation rows"
