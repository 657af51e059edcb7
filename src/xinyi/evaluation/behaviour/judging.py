"""Whether a model's answers are what a test expects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.behaviour.checks import POLARITY
from xinyi.evaluation.behaviour.polarity import polarity, pole
from xinyi.evaluation.behaviour.suite import Test
from xinyi.tasks.spec import TaskSpec

# A move smaller than this share of the scale is none.
TOLERANCE = 0.05


@dataclass(frozen=True, eq=False)
class Judgement:
    """passed_B, flipped_B: of each case. badness_B: how bad a failure is. moved_B: how far the answer moved, or the
    probability of what was expected. expected: for people."""

    passed_B: NDArray[np.bool_]
    flipped_B: NDArray[np.bool_]
    badness_B: NDArray[np.float64]
    moved_B: NDArray[np.float64]
    expected: str


def judge(
    test: Test, spec: TaskSpec, before_BC: NDArray, after_BC: NDArray, given: NDArray, changed: NDArray
) -> Judgement | None:
    """Judge the cases of one test for one task; None where the test says nothing about the task.

    before_BC, after_BC: probabilities of the texts and of the changed texts; given, changed: the decisions.
    """
    flipped_B = (given != changed).any(axis=1) if given.ndim == 2 else given != changed
    if test.type == "invariance":
        if test.tasks and spec.id not in test.tasks:
            return None
        moved_B = np.abs(after_BC - before_BC).max(axis=1)
        return Judgement(~flipped_B, flipped_B, moved_B, moved_B, "the same answer")
    for key in (spec.id, POLARITY):
        if key in test.expect:
            wanted = test.expect[key]
            make = _minimum if test.type == "minimum_functionality" else _directional
            return make(key == POLARITY, wanted, spec, before_BC, after_BC, given, flipped_B)
    return None


def _minimum(
    poles: bool, wanted: Any, spec: TaskSpec, before_BC: NDArray, after_BC: NDArray, given: NDArray, flipped_B: NDArray
) -> Judgement | None:
    """The decision is one of the labels wanted; for multi it has all of them."""
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    if poles:
        values = polarity(spec)
        places = [] if values is None else [i for i, value in enumerate(values) if pole(value) in names]
    else:
        places = [spec.index[name] for name in names if name in spec.index]
    if not places or (not poles and len(places) < len(names)):
        return None
    if given.ndim == 2:
        passed_B, sure_B = (given[:, places] == 1).all(axis=1), before_BC[:, places].min(axis=1)
    else:
        passed_B, sure_B = np.isin(given, places), before_BC[:, places].sum(axis=1)
    return Judgement(passed_B, flipped_B, 1.0 - sure_B, sure_B, " / ".join(names))


def _directional(
    poles: bool, wanted: Any, spec: TaskSpec, before_BC: NDArray, after_BC: NDArray, given: NDArray, flipped_B: NDArray
) -> Judgement | None:
    """The polarity, or the probability of each label named, moves as wanted."""
    if poles:
        values = polarity(spec)
        if values is None:
            return None
        moves = [(wanted, (after_BC - before_BC) @ values / 2.0)]
        text = f"polarity {wanted}".replace("_", " ")
    else:
        if not set(wanted) <= set(spec.label_ids):
            return None
        moves = [(way, (after_BC - before_BC)[:, spec.index[label]]) for label, way in wanted.items()]
        text = ", ".join(f"{label} {way}".replace("_", " ") for label, way in wanted.items())
    wrong_B = np.max([_wrong(way, moved_B) for way, moved_B in moves], axis=0)
    return Judgement(wrong_B <= 0.0, flipped_B, wrong_B, moves[0][1], text)


def _wrong(way: str, moved_B: NDArray) -> NDArray[np.float64]:
    """How far a move misses what was wanted; at most 0 where it does as wanted."""
    towards_B = moved_B if way.endswith("up") else -moved_B
    # not_up: no farther up than the tolerance; up: at least the tolerance up.
    return towards_B - TOLERANCE if way.startswith("not_") else TOLERANCE - towards_B
