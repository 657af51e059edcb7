"""How well one plain feature tells a class from the rest, measured on rows that did not make the measure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_ROWS = 40


def area(values: NDArray[np.int64], wanted: NDArray[np.bool_]) -> float | None:
    """Area under the ROC curve of P(class | value), from 0.5 (says nothing) to 1; None with too few rows.

    The probability of each value is counted on the even rows and tried on the odd ones, and the other way round, so
    that a feature with many values gains nothing by chance. Ties count half (Mann and Whitney 1947).
    """
    halves = np.arange(len(values)) % 2 == 0
    areas = [_half(values, wanted, learn) for learn in (halves, ~halves)]
    return None if None in areas else float(np.mean(areas))  # type: ignore[arg-type]


def _half(values: NDArray[np.int64], wanted: NDArray[np.bool_], learn: NDArray[np.bool_]) -> float | None:
    rest = ~learn
    positive, negative = int(wanted[rest].sum()), int((~wanted[rest]).sum())
    if min(positive, negative, wanted[learn].sum(), (~wanted[learn]).sum()) < LEAST_ROWS // 2:
        return None
    size = int(values.max()) + 1
    of_class = np.bincount(values[learn & wanted], minlength=size)
    of_all = np.bincount(values[learn], minlength=size)
    prior = wanted[learn].mean()
    scores = (of_class + prior) / (of_all + 1.0)
    ranks = _ranks(scores[values[rest]])
    total = ranks[wanted[rest]].sum() - positive * (positive + 1) / 2
    return float(total / (positive * negative))


def _ranks(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, the mean rank where scores are equal."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[places]
