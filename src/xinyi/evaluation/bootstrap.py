"""Percentile bootstrap intervals (Efron 1979), all metrics of a task at once.

A resample is a column of row weights, so that a metric costs a few matrix products for a thousand resamples.
Rows of one conversation (or group, see `Predictions.units`) are not independent: where one has several rows, whole
conversations are drawn (Field and Welsh 2007). Otherwise rows are drawn within their gold label, so that a rare label
does not vanish.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.metrics.scored import Scored
from xinyi.evaluation.metrics.table import Metric, metrics_for
from xinyi.evaluation.settings import EvaluationSettings

# Weights held at a time: 32 MB of float64.
CHUNK = 4_000_000
# Labels with fewer rows are drawn together: a stratum of one row would show no variation at all.
LEAST_STRATUM = 5
# An interval needs this share of the resamples to have a value.
LEAST_DEFINED = 0.95


@dataclass(frozen=True, eq=False)
class Units:
    """What is drawn. name: `row` or `conversation`; unit_B: each row's unit; stratum_U: each unit's stratum."""

    name: str
    unit_B: NDArray[np.int64]
    stratum_U: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.stratum_U)


def make_units(gold: NDArray, conversations: NDArray[np.int64] | None = None) -> Units:
    """Conversations where one has several rows, else rows stratified by gold label.

    gold: (B,) label indices, or (B, C) 0/1 (a row's stratum is then its rarest label, or none).
    conversations: (B,) number of each row's conversation, as `number_units` gives.
    """
    if conversations is not None and len(conversations):
        _, unit_B = np.unique(conversations, return_inverse=True)
        if unit_B.max() + 1 < len(unit_B):
            return Units("conversation", unit_B.astype(np.int64), np.zeros(unit_B.max() + 1, dtype=np.int64))
    return Units("row", np.arange(len(gold)), _strata(gold))


def number_units(names: Sequence[str | None], groups: Sequence[str | None] | None = None) -> NDArray[np.int64]:
    """Each row's conversation as a number from 0, in the order of their names; a row without one has its own.

    Any part of the rows keeps the order, so that resamples of it do not depend on the rows left out.

    groups: stand in where a row has no name.
    """
    keys = [f"c{name}" if name else f"r{row:012d}" for row, name in enumerate(names)]
    if groups is not None:
        pairs = zip(keys, names, groups, strict=True)
        keys = [f"g{group}" if group and not name else key for key, name, group in pairs]
    return np.unique(keys, return_inverse=True)[1].astype(np.int64)


def _strata(gold: NDArray) -> NDArray[np.int64]:
    """One stratum a row, those below LEAST_STRATUM rows thrown together."""
    if gold.ndim == 2:
        # A label a row lacks must not be its rarest: give it an impossible count.
        counts_BC = np.where(gold == 1, gold.sum(axis=0), len(gold) + 1)
        own = np.where(gold.any(axis=1), counts_BC.argmin(axis=1), gold.shape[1])
    else:
        own = gold
    _, strata, counts = np.unique(own, return_inverse=True, return_counts=True)
    return np.where(counts[strata] < LEAST_STRATUM, len(counts), strata)


def draw(units: Units, resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Row weights (B, resamples): how often each row was drawn. Deterministic given the generator's state."""
    drawn = []
    for stratum in np.unique(units.stratum_U):
        members = np.flatnonzero(units.stratum_U == stratum)
        drawn.append(members[rng.integers(len(members), size=(resamples, len(members)))])
    size = len(units)
    flat = np.concatenate(drawn, axis=1) + np.arange(resamples)[:, None] * size
    counts_UR = np.bincount(flat.ravel(), minlength=resamples * size).reshape(resamples, size).T
    return np.ascontiguousarray(counts_UR[units.unit_B], dtype=np.float64)


def weightings(units: Units, settings: EvaluationSettings, name: str) -> Iterator[NDArray[np.float64]]:
    """All resamples, a bounded number at a time; `name` keeps tasks and splits apart under one seed."""
    words = np.frombuffer(hashlib.sha256(name.encode()).digest()[:16], dtype=np.uint32)
    rng = np.random.default_rng([settings.seed, *map(int, words)])
    step = max(1, CHUNK // max(1, len(units.unit_B)))
    for start in range(0, settings.resamples, step):
        yield draw(units, min(step, settings.resamples - start), rng)


def estimates(
    kind: str,
    gold: NDArray,
    predicted: NDArray,
    probs_BC: NDArray,
    units: Units,
    settings: EvaluationSettings,
    name: str = "",
    only: Sequence[str] | None = None,
) -> dict[str, dict[str, Any]]:
    """Every metric of a kind, or `only` those: {metric: {value, low, high, n}}, with `why` where there is no value.

    All rows must be labelled. The result depends on the rows, the settings and `name` alone.
    """
    metrics = [metric for metric in metrics_for(kind) if only is None or metric.name in only]
    if not len(gold):
        return {metric.name: _nothing(0, "no labelled rows") for metric in metrics}
    rows = Scored.of(gold, predicted, probs_BC)
    values = {metric.name: float(metric.function(rows)[0]) for metric in metrics}
    defined = [metric for metric in metrics if np.isfinite(values[metric.name])]
    resampled: dict[str, list[NDArray]] = {metric.name: [] for metric in defined}
    for weights_BR in weightings(units, settings, name):
        rows = Scored.of(gold, predicted, probs_BC, weights_BR)
        for metric in defined:
            resampled[metric.name].append(metric.function(rows))
    out = {metric.name: _nothing(len(gold), "not defined for these rows") for metric in metrics}
    for metric in defined:
        spread = np.concatenate(resampled[metric.name])
        out[metric.name] = _estimate(metric, values[metric.name], spread, len(gold), units, probs_BC.shape[1], settings)
    return out


def _nothing(n: int, why: str) -> dict[str, Any]:
    return {"value": None, "low": None, "high": None, "n": n, "why": why}


def _estimate(
    metric: Metric, value: float, spread_R: NDArray, n: int, units: Units, labels: int, settings: EvaluationSettings
) -> dict[str, Any]:
    """Value and interval ends; ends are None (with `why`) when the resamples cannot tell."""
    found = spread_R[np.isfinite(spread_R)]
    if len(units) < 2 or len(found) < LEAST_DEFINED * len(spread_R):
        why = f"no interval: {len(units)} units, {len(spread_R) - len(found)} of {len(spread_R)} resamples undefined"
        return {"value": value, "low": None, "high": None, "n": n, "why": why}
    tail = (1.0 - settings.confidence) / 2.0
    low, high = map(float, np.quantile(found, [tail, 1.0 - tail]))
    if high - low < 1e-12:
        low, high = _widen(metric, value, len(units), labels, tail)
    # Resampling biases some metrics so far that few rows leave their own value outside.
    return {"value": value, "low": min(low, value), "high": max(high, value), "n": n}


def _widen(metric: Metric, value: float, units: int, labels: int, tail: float) -> tuple[float, float]:
    """Ends for resamples that never differ (all right, say): the bootstrap then claims to know everything.

    The exact bound for no deviation in n units (Clopper and Pearson 1934), as a share of the metric's range.
    """
    share = 1.0 - tail ** (1.0 / units)
    top = metric.top(labels)
    step = share * (top - metric.low) if np.isfinite(top) else share
    return max(metric.low, value - step), min(top, value + step)
