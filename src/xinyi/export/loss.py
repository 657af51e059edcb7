"""What a lossy format costs: its metric against the trained model's, on the same rows, with a paired interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.bootstrap import Units, make_units, weightings
from xinyi.evaluation.metrics.scored import Scored
from xinyi.evaluation.metrics.table import METRICS, Metric
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.tasks.decode import Decoding, predict, probabilities
from xinyi.tasks.spec import TaskSpec

SETTINGS = EvaluationSettings()


@dataclass(frozen=True, eq=False)
class Answered:
    """One task's labelled rows with the trained model's logits (N, C) and another's."""

    task: TaskSpec
    decoding: Decoding
    gold: NDArray[np.int64]
    trained_BC: NDArray[np.floating]
    other_BC: NDArray[np.floating]
    conversations: NDArray[np.int64] | None = None


def loss(rows: Answered) -> dict[str, Any]:
    """{metric, trained, got, loss, low, high, n, changed}: `loss` > 0 is worse than the trained model.

    The metric is the task's primary one; the interval is a paired percentile bootstrap (the same resample for both
    sides). Without labelled rows, or where the metric is not defined, the numbers are None and `why` says so.
    """
    metric = METRICS[rows.task.primary]
    empty = {"metric": metric.name, "trained": None, "got": None, "loss": None, "low": None, "high": None}
    if not len(rows.gold):
        return {**empty, "n": 0, "changed": 0, "why": "no labelled validation rows"}
    sides = [_decided(rows, logits) for logits in (rows.trained_BC, rows.other_BC)]
    changed = sides[0][1] != sides[1][1]
    count = int((changed.any(axis=1) if changed.ndim == 2 else changed).sum())
    values = [_value(metric, rows.gold, side)[0] for side in sides]
    if not np.isfinite(values).all():
        return {**empty, "n": len(rows.gold), "changed": count, "why": "the metric is not defined for these rows"}
    found = _sign(metric) * float(values[0] - values[1])
    low, high = _interval(metric, rows, sides)
    low, high = min(low, found), max(high, found)
    record = {"metric": metric.name, "trained": float(values[0]), "got": float(values[1]), "loss": found}
    return {**record, "low": low, "high": high, "n": len(rows.gold), "changed": count}


def losses(answered: Mapping[str, Answered]) -> dict[str, dict[str, Any]]:
    """Task id → its loss."""
    return {task: loss(rows) for task, rows in answered.items()}


def _decided(rows: Answered, logits_BC: NDArray[np.floating]) -> tuple[NDArray, NDArray]:
    probs_BC = probabilities(logits_BC, rows.task.kind, rows.decoding.temperature)
    return probs_BC, predict(probs_BC, rows.task.kind, rows.decoding.thresholds)


def _value(
    metric: Metric, gold: NDArray, side: tuple[NDArray, NDArray], weights_BR: NDArray | None = None
) -> NDArray[np.float64]:
    probs_BC, predicted = side
    return metric.function(Scored.of(gold, predicted, probs_BC, weights_BR))


def _sign(metric: Metric) -> float:
    return 1.0 if metric.higher_is_better else -1.0


def _interval(metric: Metric, rows: Answered, sides: list[tuple[NDArray, NDArray]]) -> tuple[float, float]:
    units = make_units(rows.gold, rows.conversations)
    pieces = [
        _value(metric, rows.gold, sides[0], weights_BR) - _value(metric, rows.gold, sides[1], weights_BR)
        for weights_BR in weightings(units, SETTINGS, f"int8/{rows.task.id}")
    ]
    drawn = _sign(metric) * np.concatenate(pieces)
    tail = (1.0 - SETTINGS.confidence) / 2.0
    low, high = map(float, np.nanquantile(drawn, [tail, 1.0 - tail]))
    return (low, max(high, _bound(units, tail))) if high - low < 1e-12 else (low, high)


def _bound(units: Units, tail: float) -> float:
    """The share of rows that may still differ when none of these did (Clopper and Pearson 1934)."""
    return 1.0 - tail ** (1.0 / len(units))
