"""Rows that the model labelled itself count less than rows that people labelled."""

from __future__ import annotations

import torch
from torch import Tensor

from xinyi.tasks.losses import Loss


def weighted(loss: Loss, logits_BC: Tensor, target: Tensor, weights_B: Tensor) -> Tensor:
    """(n₁ L₁ + w n₂ L₂) / (n₁ + w n₂): the loss of rows of weight 1 and of the others, by how many of each there are.

    Only rows that have the label count. For a loss that is a plain mean over rows this is the mean weighted by row.

    Args:
        loss: on (logits, target), in which rows of -1 do not count.
        weights_B: 1, or one other weight w.
    """
    own_B = weights_B == 1
    parts, shares = [], []
    for mask_B, weight in ((own_B, 1.0), (~own_B, weights_B.min())):
        shaped = mask_B[:, None] if target.ndim == 2 else mask_B
        mine = torch.where(shaped, target, -torch.ones_like(target))
        rows_B = (mine >= 0).all(-1) if mine.ndim == 2 else mine >= 0
        parts.append(loss(logits_BC, mine))
        shares.append(weight * rows_B.sum())
    share_2 = torch.stack([torch.as_tensor(share, dtype=parts[0].dtype, device=parts[0].device) for share in shares])
    return (torch.stack(parts) * share_2).sum() / share_2.sum().clamp(min=1e-12)
