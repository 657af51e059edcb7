"""Metrics that mean the same for every kind of task."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.metrics.scored import Scored, mean_present, ratio


def macro_f1(rows: Scored) -> NDArray[np.float64]:
    """Mean F1 over the labels present in gold or decisions; (R,).

    scikit-learn's default for single-label input: a label that is in neither does not count, one that is present
    and never hit counts as 0. We keep the same for multi, where scikit-learn counts absent columns as 0.
    """
    return mean_present(rows.f1_CR)


def weighted_f1(rows: Scored) -> NDArray[np.float64]:
    """F1 of each label weighted by its support in gold; (R,)."""
    return ratio((np.nan_to_num(rows.f1_CR) * rows.support_CR).sum(axis=0), rows.support_CR.sum(axis=0), np.nan)
