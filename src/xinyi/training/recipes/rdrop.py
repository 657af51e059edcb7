"""R-Drop (Liang et al. 2021): two passes under different dropout should say the same."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def disagreement(first_BC: Tensor, second_BC: Tensor, kind: str) -> Tensor:
    """Mean symmetric Kullback-Leibler divergence (nats) of two answers, eq. 2 of the paper.

    Args:
        first_BC, second_BC: logits of the same rows.
        kind: of `multi` tasks each label is a Bernoulli variable of its own, and divergences are averaged over them.
    """
    if kind == "multi":
        return _bernoulli(first_BC, second_BC)
    first, second = functional.log_softmax(first_BC.float(), -1), functional.log_softmax(second_BC.float(), -1)
    return 0.5 * ((first.exp() - second.exp()) * (first - second)).sum(-1).mean()


def _bernoulli(first_BC: Tensor, second_BC: Tensor) -> Tensor:
    first_BC, second_BC = first_BC.float(), second_BC.float()
    # p log(p/q) + (1-p) log((1-p)/(1-q)), both ways and halved, is half of (p - q) times the difference of the logits.
    return 0.5 * ((torch.sigmoid(first_BC) - torch.sigmoid(second_BC)) * (first_BC - second_BC)).mean()
