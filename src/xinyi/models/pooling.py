"""Ways to make one vector of a row's token vectors. Shapes: hidden (B, L, D), mask and types (B, L) → (B, D)."""

from __future__ import annotations

import torch
from torch import Tensor


def cls(hidden_BLD: Tensor, mask_BL: Tensor, types_BL: Tensor | None = None) -> Tensor:
    """The first token's vector."""
    return hidden_BLD[:, 0]


def mean(hidden_BLD: Tensor, mask_BL: Tensor, types_BL: Tensor | None = None) -> Tensor:
    """The mean over real tokens."""
    weights_BL1 = mask_BL.unsqueeze(-1).to(hidden_BLD.dtype)
    return (hidden_BLD * weights_BL1).sum(1) / weights_BL1.sum(1).clamp(min=1.0)


def text_mean(hidden_BLD: Tensor, mask_BL: Tensor, types_BL: Tensor | None = None) -> Tensor:
    """The mean over the message itself: the second segment where there is a context, else all real tokens.

    Of a short message after a long context the plain mean would be mostly context.
    """
    if types_BL is None:
        return mean(hidden_BLD, mask_BL)
    last_B1 = (types_BL * mask_BL).amax(1, keepdim=True)
    return mean(hidden_BLD, mask_BL * (types_BL == last_B1).to(mask_BL.dtype))


def maximum(hidden_BLD: Tensor, mask_BL: Tensor, types_BL: Tensor | None = None) -> Tensor:
    """The largest value of each dimension over real tokens."""
    lowest = torch.finfo(hidden_BLD.dtype).min
    return hidden_BLD.masked_fill(mask_BL.unsqueeze(-1) == 0, lowest).amax(1)


POOLINGS = {"cls": cls, "mean": mean, "text_mean": text_mean, "max": maximum}
