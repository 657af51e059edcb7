"""FGM (Miyato et al. 2017): also learn from a copy of the batch whose embeddings moved where the loss grows fastest."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def adversarial_loss(loss: Tensor, embedding: nn.Embedding, again: Callable[[], Tensor], epsilon: float) -> Tensor:
    """The loss at the embedding table moved by epsilon · g / ‖g‖.

    The table is moved while the second forward pass runs and then put back; its backward pass does not read it.

    Args:
        loss: of the batch; its graph is kept for the caller's own backward pass.
        again: computes the loss of the same batch once more.
        epsilon: length of the move.
    """
    table = embedding.weight
    (gradient,) = torch.autograd.grad(loss, table, retain_graph=True)
    norm = gradient.norm()
    if not torch.isfinite(norm) or norm == 0:
        return loss
    move = gradient * (epsilon / norm)
    table.data.add_(move)
    try:
        return again()
    finally:
        table.data.sub_(move)
