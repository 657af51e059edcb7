"""Ways to make one vector of a row's token vectors. Shapes: hidden (B, L, D), mask (B, L) → (B, D)."""

from __future__ import annotations

from torch import Tensor


def cls(hidden_BLD: Tensor, mask_BL: Tensor) -> Tensor:
    """The first token's vector."""
    return hidden_BLD[:, 0]


def mean(hidden_BLD: Tensor, mask_BL: Tensor) -> Tensor:
    """The mean over real tokens."""
    weights_BL1 = mask_BL.unsqueeze(-1).to(hidden_BLD.dtype)
    return (hidden_BLD * weights_BL1).sum(1) / weights_BL1.sum(1).clamp(min=1.0)


POOLINGS = {"cls": cls, "mean": mean}
