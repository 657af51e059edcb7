"""Every metric once: the kinds of task it is for, which way is better, its range and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.metrics import multi, ordinal, shared, single
from xinyi.evaluation.metrics.scored import Scored

ONE = ("single", "ordinal")
ALL = ("single", "ordinal", "multi")
INFINITE = float("inf")


@dataclass(frozen=True)
class Metric:
    """One metric. direction: `higher` or `lower` is better. low, high: the range of possible values."""

    name: str
    kinds: tuple[str, ...]
    direction: str
    low: float
    high: float
    function: Callable[[Scored], NDArray[np.float64]]
    definition: str

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger value is better."""
        return self.direction == "higher"

    def top(self, labels: int) -> float:
        """The largest possible value for a task with so many labels (a distance of levels depends on it)."""
        return float(labels - 1) if self.name == "mae" else self.high


_ROWS = (
    Metric("macro_f1", ALL, "higher", 0, 1, shared.macro_f1, "mean F1 over labels present in gold or decisions"),
    Metric("weighted_f1", ALL, "higher", 0, 1, shared.weighted_f1, "F1 of each label weighted by its support"),
    Metric("accuracy", ONE, "higher", 0, 1, single.accuracy, "share of right decisions"),
    Metric("balanced_accuracy", ONE, "higher", 0, 1, single.balanced_accuracy, "mean recall over labels in gold"),
    Metric("mcc", ONE, "higher", -1, 1, single.mcc, "Matthews correlation; 0 is no better than chance"),
    Metric("top3_accuracy", ONE, "higher", 0, 1, single.top3_accuracy, "gold label among the three most probable"),
    Metric("top5_accuracy", ONE, "higher", 0, 1, single.top5_accuracy, "gold label among the five most probable"),
    Metric("log_loss", ONE, "lower", 0, INFINITE, single.log_loss, "mean -ln probability of the gold label"),
    Metric("brier", ONE, "lower", 0, 2, single.brier, "squared distance of probabilities and gold, summed over labels"),
    Metric(
        "quadratic_kappa",
        ("ordinal",),
        "higher",
        -1,
        1,
        ordinal.quadratic_kappa,
        "agreement beyond chance, far misses weigh more",
    ),
    Metric("mae", ("ordinal",), "lower", 0, INFINITE, ordinal.mae, "mean distance in levels"),
    Metric(
        "within_one_accuracy", ("ordinal",), "higher", 0, 1, ordinal.within_one_accuracy, "share at most one level off"
    ),
    Metric("spearman", ("ordinal",), "higher", -1, 1, ordinal.spearman, "rank correlation of gold and decided levels"),
    Metric("micro_f1", ("multi",), "higher", 0, 1, multi.micro_f1, "F1 over all label decisions together"),
    Metric("sample_f1", ("multi",), "higher", 0, 1, multi.sample_f1, "mean F1 of each row's label set"),
    Metric(
        "jaccard", ("multi",), "higher", 0, 1, multi.jaccard, "mean intersection over union of each row's label set"
    ),
    Metric(
        "subset_accuracy",
        ("multi",),
        "higher",
        0,
        1,
        multi.subset_accuracy,
        "share of rows with exactly the right labels",
    ),
    Metric("hamming_loss", ("multi",), "lower", 0, 1, multi.hamming_loss, "share of wrong yes/no decisions"),
    Metric(
        "mean_average_precision",
        ("multi",),
        "higher",
        0,
        1,
        multi.mean_average_precision,
        "mean area under precision-recall over labels in gold",
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ROWS}


def metrics_for(kind: str) -> list[Metric]:
    """The metrics of a kind of task, in the order of the table."""
    return [metric for metric in METRICS.values() if kind in metric.kinds]


def score(name: str, gold: NDArray, predicted: NDArray, probs_BC: NDArray) -> float:
    """One metric's value. NaN when it is not defined for these rows.

    gold, predicted: label indices (B,), or 0/1 matrices (B, C) for multi; probs_BC: (B, C).
    """
    if not len(gold):
        return float("nan")
    return float(METRICS[name].function(Scored.of(gold, predicted, probs_BC))[0])


def score_all(kind: str, gold: NDArray, predicted: NDArray, probs_BC: NDArray) -> dict[str, float]:
    """Every metric of a kind of task; NaN where one is not defined for these rows."""
    if not len(gold):
        return {metric.name: float("nan") for metric in metrics_for(kind)}
    rows = Scored.of(gold, predicted, probs_BC)
    return {metric.name: float(metric.function(rows)[0]) for metric in metrics_for(kind)}
