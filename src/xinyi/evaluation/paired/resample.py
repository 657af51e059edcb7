"""Resamples of paired rows (Efron 1979), drawn once for both models.

Rows that look alike to a metric (same gold label, same two decisions) are one pattern with a count, and a resample is
one multinomial draw of the counts: the same distribution as drawing rows, at a cost that does not grow with the rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.bootstrap import CHUNK, Units, draw
from xinyi.evaluation.paired.match import Decided, Pair

# Metrics that look at decisions alone; the others need every row's probabilities.
_SINGLE = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "mcc")
_ORDINAL = ("quadratic_kappa", "mae", "within_one_accuracy", "spearman")
_MULTI = ("micro_f1", "sample_f1", "jaccard", "subset_accuracy", "hamming_loss")
BY_DECISION = frozenset((*_SINGLE, *_ORDINAL, *_MULTI))


def resamples(
    pair: Pair, metric: str, count: int, rng: np.random.Generator
) -> Iterator[tuple[Pair, NDArray[np.float64]]]:
    """(rows, weights (rows, R)) until `count` resamples are drawn; the rows may be patterns of the pair's."""
    units = pair.drawn
    if units.name == "row" and metric in BY_DECISION:
        yield from _pattern_draws(pair, units, count, rng)
        return
    step = max(1, CHUNK // max(1, len(pair)))
    for start in range(0, count, step):
        yield pair, draw(units, min(step, count - start), rng)


def _pattern_draws(
    pair: Pair, units: Units, count: int, rng: np.random.Generator
) -> Iterator[tuple[Pair, NDArray[np.float64]]]:
    rows, counts, stratum = _patterns(pair, units)
    step = max(1, CHUNK // max(1, len(rows)))
    few = pair.take(rows)
    # Only their width is looked at.
    empty = np.zeros((len(rows), len(pair.labels)))
    sides = (Decided(side.predicted, empty) for side in (few.candidate, few.champion))
    few = Pair(few.kind, few.labels, few.gold, *sides, few.units, few.positions)
    for start in range(0, count, step):
        yield few, _draw_counts(counts, stratum, min(step, count - start), rng)


def _patterns(pair: Pair, units: Units) -> tuple[NDArray, NDArray, NDArray]:
    """One row of each pattern, how many rows have it, and the stratum it is drawn in."""
    parts = (pair.gold, pair.candidate.predicted, pair.champion.predicted)
    if pair.gold.ndim == 1:
        # One number a row sorts much faster than a row of numbers.
        size = len(pair.labels)
        table, axis = (parts[0] * size + parts[1]) * size + parts[2], None
    else:
        table, axis = np.column_stack(parts), 0
    _, rows, counts = np.unique(table, axis=axis, return_index=True, return_counts=True)
    # A row's stratum follows from its gold answer, so that a pattern has one.
    return rows, counts, units.stratum_U[rows]


def _draw_counts(counts: NDArray, stratum: NDArray, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How often each pattern was drawn, (patterns, size): every stratum keeps its number of rows."""
    weights_PR = np.empty((len(counts), size))
    for own in np.unique(stratum):
        members = np.flatnonzero(stratum == own)
        total = counts[members].sum()
        weights_PR[members] = rng.multinomial(total, counts[members] / total, size=size).T
    return weights_PR
