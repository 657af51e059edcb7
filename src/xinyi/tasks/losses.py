"""Losses of the heads. A row that lacks the task's label does not count; without any such row the loss is an exact zero
that still reaches the head, so that data-parallel training sees a gradient for every parameter.

Shape letters: B rows, C labels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]


def single_loss(weights_C: Tensor | None = None, smoothing: float = 0.0) -> Loss:
    """Cross-entropy for exactly one label a row. Targets (B,) hold the label's index, -1 for none.

    smoothing: share of probability spread over all labels (Szegedy et al. 2016).
    """

    def loss(logits_BC: Tensor, target_B: Tensor) -> Tensor:
        # Under autocast the logits may be bf16; the weights stay fp32.
        weights = None if weights_C is None else weights_C.to(logits_BC.device)
        rows_B = functional.cross_entropy(
            logits_BC.float(), target_B, weights, ignore_index=-1, reduction="none", label_smoothing=smoothing
        )
        present_B = target_B >= 0
        # As torch does for reduction="mean": the mean is weighted by the labels' weights.
        share_B = present_B.float() if weights is None else weights[target_B.clamp(min=0)] * present_B
        return rows_B.sum() / share_B.sum().clamp(min=1e-12)

    return loss


def multi_loss(weights_C: Tensor | None = None, smoothing: float = 0.0) -> Loss:
    """Binary cross-entropy for each label. Targets (B, C) hold 0 or 1, rows of -1 for none.

    weights_C: weight of a label's positive rows.
    """

    def loss(logits_BC: Tensor, target_BC: Tensor) -> Tensor:
        present_BC = (target_BC >= 0).float()
        softened_BC = target_BC.clamp(min=0.0) * (1.0 - smoothing) + 0.5 * smoothing
        weights = None if weights_C is None else weights_C.to(logits_BC.device)
        cells_BC = functional.binary_cross_entropy_with_logits(
            logits_BC.float(), softened_BC, pos_weight=weights, reduction="none"
        )
        return (cells_BC * present_BC).sum() / present_BC.sum().clamp(min=1.0)

    return loss


LOSSES = {"single": single_loss, "ordinal": single_loss, "multi": multi_loss}

# One label may weigh this many times another: beyond that a few rows would decide the gradient.
MOST = 20.0


def balanced_weights(targets: NDArray, kind: str, size: int) -> Tensor:
    """Weights that give every label the same total weight, within limits.

    single, ordinal: rows / (labels · rows of the label) (King and Zeng 2001, scikit-learn's `balanced`), at most
    `MOST` times the smallest; 1 for a label without rows.
    multi: negative rows / positive rows of each label, from 1 / `MOST` to `MOST`; 1 for a label without positive rows.
    """
    if kind == "multi":
        present = targets[(targets >= 0).all(axis=1)]
        positive = present.sum(axis=0)
        weights = np.clip((len(present) - positive) / np.maximum(positive, 1.0), 1.0 / MOST, MOST)
        weights[positive == 0] = 1.0
    else:
        counts = np.bincount(targets[targets >= 0], minlength=size)
        weights = counts.sum() / (size * np.maximum(counts, 1.0))
        weights = np.minimum(weights, MOST * weights[counts > 0].min(initial=np.inf))
        weights[counts == 0] = 1.0
    return torch.tensor(weights, dtype=torch.float32)
