"""Rows of one label should lie together (supervised contrastive loss, Khosla et al. 2020).

Beside cross-entropy it helps where rows are few (Gunel et al. 2021).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def contrastive(vectors_BD: Tensor, target: Tensor, temperature: float) -> Tensor:
    """-Σ_p w_p log(exp(z·z_p / τ) / Σ_a exp(z·z_a / τ)) / Σ_p w_p over the other rows, averaged over rows (eq. 2).

    The weight w of a pair is 1 for the same label and 0 for another; of rows with several labels the share of the
    labels that they have in common (Jaccard). Rows without the task's label do not count; a batch without any pair
    gives an exact zero.

    Args:
        vectors_BD: of the rows; only their directions count.
        target: as in `EncodedSplit`: (B,) indices, or (B, C) of 0 and 1.
        temperature: the smaller, the more the nearest rows count.
    """
    with torch.autocast(vectors_BD.device.type, enabled=False):  # bf16 is too coarse for cosines over τ
        z_BD = functional.normalize(vectors_BD.float(), dim=-1)
        scores_BB = z_BD @ z_BD.T / temperature
    present_B = (target >= 0).all(-1) if target.ndim == 2 else target >= 0
    others_BB = present_B & present_B[:, None] & ~torch.eye(len(target), dtype=torch.bool, device=target.device)
    # No -inf: a row without others would have a gradient that is NaN.
    scores_BB = scores_BB.masked_fill(~others_BB, torch.finfo(scores_BB.dtype).min)
    log_BB = (scores_BB - scores_BB.logsumexp(-1, keepdim=True)).masked_fill(~others_BB, 0.0)
    weights_BB = _likeness(target) * others_BB
    total_B = weights_BB.sum(-1)
    rows_B = -(weights_BB * log_BB).sum(-1) / total_B.clamp(min=1e-12)
    return rows_B.sum() / (total_B > 0).sum().clamp(min=1)


def _likeness(target: Tensor) -> Tensor:
    """(B, B): how much two rows' labels have in common, from 0 to 1; two rows without any label are alike."""
    if target.ndim == 1:
        return (target == target[:, None]).float()
    own_BC = target.clamp(min=0).float()
    both_BB = own_BC @ own_BC.T
    either_BB = own_BC.sum(1) + own_BC.sum(1)[:, None] - both_BB
    return torch.where(either_BB > 0, both_BB / either_BB.clamp(min=1.0), 1.0)
