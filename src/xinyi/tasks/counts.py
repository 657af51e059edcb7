"""How much each row counts in the mean that a task's loss is: what the loss's denominator adds up.

With it the means of several batches become the mean of all their rows: each counts by the sum over its rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

# Targets (B,) or (B, C) → (B,).
Counts = Callable[[NDArray], NDArray[np.float64]]


def labelled(target: NDArray) -> NDArray[np.float64]:
    """1 for each row that has the task's label, 0 for the others."""
    return ((target >= 0).all(axis=1) if target.ndim == 2 else target >= 0).astype(np.float64)


def build_counts(kind: str, name: str, size: int, weights_C: Tensor | None = None) -> Counts:
    """Of the loss that `build_loss` makes of the same arguments, for a task of `size` labels."""
    if kind == "multi" or (weights_C is None and name != "corn"):
        return labelled
    of_label_C = np.ones(size) if weights_C is None else weights_C.double().numpy()
    if name == "corn":  # one question for each step up that the row's level allows
        of_label_C = of_label_C * np.minimum(np.arange(size) + 1, size - 1)

    def counts(target_B: NDArray) -> NDArray[np.float64]:
        return of_label_C[np.maximum(target_B, 0)] * labelled(target_B)

    return counts
