"""Metrics of tasks with exactly one label a row (single and ordinal)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.metrics.scored import Scored, mean_present, ratio


def accuracy(rows: Scored) -> NDArray[np.float64]:
    """Share of rows whose decision is the gold label; (R,)."""
    return rows.mean(rows.gold == rows.predicted)


def balanced_accuracy(rows: Scored) -> NDArray[np.float64]:
    """Mean recall over the labels present in gold; (R,)."""
    return mean_present(ratio(rows.hits_CR, rows.support_CR, np.nan))


def mcc(rows: Scored) -> NDArray[np.float64]:
    """Matthews correlation of gold and decisions (Gorodkin 2004, R_K); 0 when either is constant; (R,)."""
    total, hits = rows.total_R, rows.hits_CR.sum(axis=0)
    together = hits * total - (rows.support_CR * rows.given_CR).sum(axis=0)
    gold = total**2 - (rows.support_CR**2).sum(axis=0)
    given = total**2 - (rows.given_CR**2).sum(axis=0)
    # Two roots instead of one of a product: the product of counts to the fourth overflows precision first.
    return np.where(total > 0, ratio(together, np.sqrt(gold) * np.sqrt(given), 0.0), np.nan)


def top3_accuracy(rows: Scored) -> NDArray[np.float64]:
    """Share of rows whose gold label is among the three most probable; NaN below four labels; (R,)."""
    return _top(rows, 3)


def top5_accuracy(rows: Scored) -> NDArray[np.float64]:
    """Share of rows whose gold label is among the five most probable; NaN below six labels; (R,)."""
    return _top(rows, 5)


def _top(rows: Scored, k: int) -> NDArray[np.float64]:
    """Of equally probable labels the one with the lower index comes first, as in the decision itself."""
    if rows.probs_BC.shape[1] <= k:
        return np.full(len(rows.total_R), np.nan)
    return rows.mean(rows.gold_rank < k)


def log_loss(rows: Scored) -> NDArray[np.float64]:
    """Mean of -ln p(gold), p cut off at float64's epsilon as scikit-learn does; (R,)."""
    own_B = np.take_along_axis(rows.probs_BC, rows.gold[:, None], axis=1)[:, 0]
    return rows.mean(-np.log(np.clip(own_B, np.finfo(np.float64).eps, 1.0)))


def brier(rows: Scored) -> NDArray[np.float64]:
    """Mean squared distance of probabilities and gold one-hot, summed over labels (Brier 1950); 0 to 2; (R,)."""
    return rows.mean(((rows.probs_BC - rows.gold_BC) ** 2).sum(axis=1))
