"""Metrics of tasks whose labels are ordered: a level is a label's position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.metrics.scored import Scored, ratio


def mae(rows: Scored) -> NDArray[np.float64]:
    """Mean absolute difference of levels; (R,)."""
    return rows.mean(np.abs(rows.gold - rows.predicted))


def within_one_accuracy(rows: Scored) -> NDArray[np.float64]:
    """Share of rows whose decision is at most one level off; (R,)."""
    return rows.mean(np.abs(rows.gold - rows.predicted) <= 1)


def quadratic_kappa(rows: Scored) -> NDArray[np.float64]:
    """Cohen's kappa with squared level differences as weights (Cohen 1968); (R,).

    NaN when gold and decisions are one and the same constant: there is nothing to agree about.
    """
    gold, given = rows.gold.astype(np.float64), rows.predicted.astype(np.float64)
    observed = rows.mean((gold - given) ** 2)
    # The mean squared difference of independent draws from the two margins.
    chance = rows.mean(gold**2) + rows.mean(given**2) - 2.0 * rows.mean(gold) * rows.mean(given)
    # Where both are the same constant, rounding may leave a crumb instead of 0.
    return 1.0 - ratio(observed, np.where(chance < 1e-12, 0.0, chance), np.nan)


def spearman(rows: Scored) -> NDArray[np.float64]:
    """Correlation of the mid-ranks of gold and decided levels; NaN when either is constant; (R,)."""
    gold_BR = _centred(_mid_ranks(rows.support_CR), rows.support_CR)[rows.gold]
    given_BR = _centred(_mid_ranks(rows.given_CR), rows.given_CR)[rows.predicted]

    def product(left_BR: NDArray, right_BR: NDArray) -> NDArray[np.float64]:
        return np.einsum("br,br,br->r", rows.weights_BR, left_BR, right_BR)

    spread = np.sqrt(product(gold_BR, gold_BR)) * np.sqrt(product(given_BR, given_BR))
    return ratio(product(gold_BR, given_BR), spread, np.nan)


def _mid_ranks(counts_CR: NDArray) -> NDArray[np.float64]:
    """The mean rank of each level's rows, from how many rows each level has."""
    return np.cumsum(counts_CR, axis=0) - counts_CR / 2.0


def _centred(ranks_CR: NDArray, counts_CR: NDArray) -> NDArray[np.float64]:
    """Ranks less their mean; exactly 0 for a constant."""
    return ranks_CR - ratio((ranks_CR * counts_CR).sum(axis=0), counts_CR.sum(axis=0), np.nan)
