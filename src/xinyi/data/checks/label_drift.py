"""Label drift: the labels of a split are distributed otherwise than in training, beyond chance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from xinyi.data.checks.finding import Check, Measured
from xinyi.data.checks.material import Material

SURE = 0.001


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """Half the sum of the differences of label shares (total variation distance), less what chance alone would give.

    Only where a chi-squared test is sure of a difference; chance is the sum of the expected differences of shares that
    are drawn from one distribution (normal approximation).
    """
    from scipy.stats import chi2_contingency

    for task in material.tasks:
        for split in (split for split in material.splits if split != "train" and "train" in material.splits):
            counts = np.stack([material.members(name, task).sum(axis=0) for name in ("train", split)])
            counts = counts[:, counts.sum(axis=0) > 0]
            if counts.shape[1] < 2 or not counts.sum(axis=1).all() or chi2_contingency(counts).pvalue > SURE:
                continue
            shares = counts / counts.sum(axis=1, keepdims=True)
            distance = float(np.abs(shares[0] - shares[1]).sum() / 2) - _by_chance(counts)
            message = (
                f"{task.id}: labels of {split} differ from those of train in {distance:.1%} of rows, beyond chance"
            )
            yield Measured(distance, message, split, task.id)


def _by_chance(counts: NDArray[np.int64]) -> float:
    share = counts.sum(axis=0) / counts.sum()
    variance = share * (1 - share) * (1 / counts.sum(axis=1)).sum()
    return float(np.sqrt(2 / np.pi * variance).sum() / 2)


CHECK = Check(
    "label_drift",
    "labels distributed otherwise",
    "warning",
    0.10,
    "draw the splits from the same rows, or report metrics for the distribution that you expect in use",
    measure,
    needs_train=True,
)
