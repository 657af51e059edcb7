"""What answering without reading would score: the bar that every model must clear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.metrics.table import metrics_for, score
from xinyi.tasks.spec import TaskSpec


def train_counts(data: Mapping[str, Any], spec: TaskSpec) -> tuple[NDArray[np.float64], int] | None:
    """Each label's count in the training split, and its labelled rows; None where data.json lacks them."""
    train = data.get("splits", {}).get("train") or {}
    counts = train.get("labels", {}).get(spec.id)
    if not counts:
        return None
    counts_C = np.array([float(counts.get(label, 0)) for label in spec.label_ids])
    if spec.kind != "multi":
        return counts_C, int(counts_C.sum())
    return counts_C, int(train.get("rows", 0)) - int(train.get("missing", {}).get(spec.id, 0))


def baseline(spec: TaskSpec, gold: NDArray, counts_C: NDArray, rows: int) -> dict[str, float | None]:
    """Each metric's value for one constant answer; None where a metric is not defined for it.

    single, ordinal: the training majority, with the training frequencies as probabilities (one added to each count).
    multi: of the sets {}, {most frequent}, {two most frequent} … in training, for each metric the one that scores
    best on these very rows: the hardest constant to beat, so that beating it says more.
    """
    values: dict[str, float | None] = {}
    for metric in metrics_for(spec.kind):
        scores = [score(metric.name, gold, *answer) for answer in _constants(spec, len(gold), counts_C, rows)]
        known = [value for value in scores if np.isfinite(value)]
        best = max if metric.higher_is_better else min
        values[metric.name] = best(known) if known else None
    return values


def _constants(spec: TaskSpec, size: int, counts_C: NDArray, rows: int) -> Iterator[tuple[NDArray, NDArray]]:
    """Decisions and probabilities of each constant answer."""
    labels = len(counts_C)
    if spec.kind != "multi":
        probs_C = (counts_C + 1.0) / (counts_C.sum() + labels)
        yield np.full(size, int(counts_C.argmax())), np.tile(probs_C, (size, 1))
        return
    probs_BC = np.tile((counts_C + 1.0) / (rows + 2.0), (size, 1))
    order = np.argsort(-counts_C, kind="stable")
    for count in range(labels + 1):
        chosen_C = np.zeros(labels, dtype=np.int64)
        chosen_C[order[:count]] = 1
        yield np.tile(chosen_C, (size, 1)), probs_BC
