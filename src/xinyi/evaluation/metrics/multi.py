"""Metrics of tasks with several labels a row, or none.

A row that has no label and is given none is answered rightly: it counts as 1 in the sample-wise metrics
(scikit-learn's zero_division=1), because "none of these" is an answer here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.metrics.scored import Scored, mean_present, ratio


def micro_f1(rows: Scored) -> NDArray[np.float64]:
    """F1 over all label decisions together; NaN when no label is present at all; (R,)."""
    present = (rows.support_CR + rows.given_CR).sum(axis=0)
    return ratio(2.0 * rows.hits_CR.sum(axis=0), present, np.nan)


def sample_f1(rows: Scored) -> NDArray[np.float64]:
    """Mean F1 of each row's label set; (R,)."""
    both, gold, given = _overlap(rows)
    return rows.mean(ratio(2.0 * both, gold + given, 1.0))


def jaccard(rows: Scored) -> NDArray[np.float64]:
    """Mean intersection over union of each row's label set; (R,)."""
    both, gold, given = _overlap(rows)
    return rows.mean(ratio(both, gold + given - both, 1.0))


def subset_accuracy(rows: Scored) -> NDArray[np.float64]:
    """Share of rows whose label set is exactly right; (R,)."""
    return rows.mean((rows.gold == rows.predicted).all(axis=1))


def hamming_loss(rows: Scored) -> NDArray[np.float64]:
    """Share of wrong yes/no decisions; (R,)."""
    return rows.mean((rows.gold != rows.predicted).mean(axis=1))


def mean_average_precision(rows: Scored) -> NDArray[np.float64]:
    """Mean, over the labels present in gold, of the area under precision and recall (stepwise); (R,)."""
    labels = range(rows.gold.shape[1])
    return mean_present(np.stack([average_precision(rows, label) for label in labels]))


def _overlap(rows: Scored) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Sizes of intersection, gold set and given set of each row."""
    return (rows.gold & rows.predicted).sum(axis=1), rows.gold.sum(axis=1), rows.predicted.sum(axis=1)


def average_precision(rows: Scored, label: int) -> NDArray[np.float64]:
    """Sum of precision x gain in recall over the distinct scores of one label; NaN without positives; (R,)."""
    scores, gold = rows.probs_BC[:, label], rows.gold[:, label]
    order = np.argsort(-scores, kind="stable")
    # A threshold admits all rows of equal score at once.
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.inf))
    positives = np.add.reduceat(gold[order], starts) > 0
    if not positives.any():
        return np.full(rows.weights_BR.shape[1], np.nan)
    # Precision matters only at thresholds that admit positives: sum the stretches between those.
    ends = np.append(starts[1:], len(order))[positives]
    weights_BR = rows.weights_BR[order]
    bounds = np.append(0, ends[:-1])
    admitted = np.cumsum(np.add.reduceat(weights_BR[: ends[-1]], bounds, axis=0), axis=0)
    hits = np.cumsum(np.add.reduceat(weights_BR[: ends[-1]] * gold[order][: ends[-1], None], bounds, axis=0), axis=0)
    gains = np.diff(hits, axis=0, prepend=0.0)
    return ratio((gains * ratio(hits, admitted, 0.0)).sum(axis=0), hits[-1], np.nan)
