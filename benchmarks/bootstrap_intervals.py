"""Intervals of all metrics: our weighted bootstrap against a loop over scikit-learn, on the same rows and resamples.

2,000 resamples of 5,000 rows, as a report makes them. The loop is timed on a few resamples and scaled up: all of them
would take minutes. It computes macro F1, accuracy, balanced accuracy, Matthews correlation, log loss (multi: macro,
micro and sample F1, Jaccard, average precision), fewer metrics than we do.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from benchmarks.common import arguments, machine
from xinyi.evaluation.bootstrap import estimates, make_units
from xinyi.evaluation.settings import EvaluationSettings

ROWS, RESAMPLES, TIMED = 5000, 2000, 10
KINDS = {"single": 24, "ordinal": 5, "multi": 8}
Answers = tuple[NDArray, NDArray, NDArray]


def main(given: list[str]) -> int:
    """Exit code 0."""
    options = arguments(__doc__.splitlines()[0], given)
    print(f"\n{RESAMPLES:,} resamples of {ROWS:,} rows, all metrics\n{machine()}\n")
    print(f"{'kind':20}{'seconds':>10}{'loop':>10}{'ratio':>9}   rounds")
    for kind, labels in KINDS.items():
        answers = _answers(kind, labels)
        rounds = [(_ours(kind, answers), _loop(kind, answers)) for _ in range(options.rounds)]
        ratios = [loop / ours for ours, loop in rounds]
        ours, loop = (float(np.median(column)) for column in zip(*rounds, strict=True))
        each = " ".join(f"{ratio:.0f}" for ratio in ratios)
        print(f"{f'{kind}, {labels} labels':20}{ours:>10.2f}{loop:>10.1f}{np.median(ratios):>9.0f}   {each}")
    return 0


def _answers(kind: str, labels: int) -> Answers:
    """Gold, decisions and probabilities of a model that is right in about two rows of three."""
    rng = np.random.default_rng(7)
    if kind == "multi":
        gold = (rng.random((ROWS, labels)) < 0.2).astype(int)
        probs_BC = np.clip(gold * 0.3 + rng.random((ROWS, labels)) * 0.7, 0, 1)
        return gold, (probs_BC > 0.5).astype(int), probs_BC
    probs_BC = rng.dirichlet(np.ones(labels) * 0.5, ROWS)
    gold = np.where(rng.random(ROWS) < 0.65, probs_BC.argmax(1), rng.integers(labels, size=ROWS))
    return gold, probs_BC.argmax(1), probs_BC


def _ours(kind: str, answers: Answers) -> float:
    units, settings = make_units(answers[0]), EvaluationSettings(resamples=RESAMPLES)
    return _seconds(lambda: estimates(kind, *answers, units, settings))


def _loop(kind: str, answers: Answers) -> float:
    """Seconds for all resamples, from a few of them."""
    rng = np.random.default_rng(1)
    measure = _multi if kind == "multi" else _single
    drawn = [rng.integers(ROWS, size=ROWS) for _ in range(TIMED)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spent = _seconds(lambda: [measure(*(part[rows] for part in answers)) for rows in drawn])
    return spent * RESAMPLES / TIMED


def _single(gold: NDArray, predicted: NDArray, probs_BC: NDArray) -> list[float]:
    return [
        sk.f1_score(gold, predicted, average="macro"),
        sk.accuracy_score(gold, predicted),
        sk.balanced_accuracy_score(gold, predicted),
        sk.matthews_corrcoef(gold, predicted),
        sk.log_loss(gold, probs_BC, labels=range(probs_BC.shape[1])),
    ]


def _multi(gold: NDArray, predicted: NDArray, probs_BC: NDArray) -> list[float]:
    f1 = [sk.f1_score(gold, predicted, average=average, zero_division=0) for average in ("macro", "micro", "samples")]
    return [*f1, sk.jaccard_score(gold, predicted, average="samples"), sk.average_precision_score(gold, probs_BC)]


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
