"""Ways to make one vector of a row's token vectors: hidden (B, L, D), mask and types (B, L) → (B, P), P from `width`.

`POOLINGS` are plain functions; `LEARNT` are modules with weights of their own, which a bundle carries as `pool.…`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

Pooling = Callable[[Tensor, Tensor, Tensor | None], Tensor]


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


def mean_max(hidden_BLD: Tensor, mask_BL: Tensor, types_BL: Tensor | None = None) -> Tensor:
    """Mean and maximum side by side (B, 2D): what the message is about, and the one word that decides.

    The concat pooling of Howard and Ruder 2018 (ULMFiT, section 3.3) without the last state.
    """
    return torch.cat([mean(hidden_BLD, mask_BL), maximum(hidden_BLD, mask_BL)], -1)


class AttentionPooling(nn.Module):
    """The mean over real tokens, weighted by softmax(h · q / √D): one learnt query asks which tokens count.

    The self-attentive pooling of Lin et al. 2017 (A Structured Self-Attentive Sentence Embedding) with a single hop and
    without its hidden layer. The query begins at zero, where the pooling is the plain mean.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.query_D = nn.Parameter(torch.zeros(size))

    def forward(self, hidden_BLD: Tensor, mask_BL: Tensor, types_BL: Tensor | None = None) -> Tensor:
        """Pooled vectors (B, D)."""
        # No matrix product: quantisation would take the query for a matrix of weights.
        scores_BL = (hidden_BLD * self.query_D).sum(-1) * self.query_D.shape[0] ** -0.5
        scores_BL = scores_BL.masked_fill(mask_BL == 0, torch.finfo(scores_BL.dtype).min)
        return (torch.softmax(scores_BL, -1).unsqueeze(-1) * hidden_BLD).sum(1)


POOLINGS: dict[str, Pooling] = {"cls": cls, "mean": mean, "text_mean": text_mean, "max": maximum, "mean_max": mean_max}
LEARNT: dict[str, Callable[[int], nn.Module]] = {"attention": AttentionPooling}


def width(name: str, size: int) -> int:
    """Dimensions P of what the named pooling makes of token vectors of this size."""
    return 2 * size if name == "mean_max" else size


def build_pooling(name: str, size: int) -> Pooling:
    """The named pooling of token vectors of this size. Raises KeyError for a name that there is not."""
    return LEARNT[name](size) if name in LEARNT else POOLINGS[name]
