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
    # Asking a GPU would make it wait: there a table that cannot be moved is looked at where it is.
    if gradient.device.type == "cpu" and not can_move(gradient.norm()):
        return loss
    move = moved(gradient, epsilon)
    table.data.add_(move)
    try:
        return again()
    finally:
        table.data.sub_(move)


def can_move(norm: Tensor) -> Tensor:
    """Whether a gradient of this norm has a direction; a boolean on its device."""
    return torch.isfinite(norm) & (norm > 0)


def moved(gradient: Tensor, epsilon: float) -> Tensor:
    """epsilon · g / ‖g‖; zero where the norm is zero or not finite."""
    norm = gradient.norm()
    return torch.where(can_move(norm), gradient * (epsilon / norm), 0.0)
