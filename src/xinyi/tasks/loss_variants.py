"""Losses that recipes put in place of cross-entropy. Rows without the label do not count, as in `losses`.

Shape letters: B rows, C labels.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from xinyi.tasks.losses import LOSSES, Loss


def focal_loss(gamma: float = 2.0, weights_C: Tensor | None = None) -> Loss:
    """-(1 - p)^γ log p of the right label, averaged over rows (Lin et al. 2017): easy rows count less.

    Args:
        gamma: 0 gives cross-entropy.
        weights_C: of each label; the mean is weighted by them.
    """

    def loss(logits_BC: Tensor, target_B: Tensor) -> Tensor:
        present_B = target_B >= 0
        right_B = target_B.clamp(min=0)
        log_B = functional.log_softmax(logits_BC.float(), -1).gather(1, right_B[:, None])[:, 0]
        weight_B = present_B.float() if weights_C is None else weights_C.to(log_B.device)[right_B] * present_B
        rows_B = -((1.0 - log_B.exp()) ** gamma) * log_B * weight_B
        return rows_B.sum() / weight_B.sum().clamp(min=1e-12)

    return loss


def soft_ordinal_loss(sharpness: float = 2.0, weights_C: Tensor | None = None) -> Loss:
    """Cross-entropy with soft targets that fall with the distance between levels (SORD, Diaz and Marathe 2019).

    A row of level t is asked for softmax(-sharpness · |t - c|) over the levels c: one level off costs less than two.

    Args:
        sharpness: large values give plain cross-entropy.
    """

    def loss(logits_BC: Tensor, target_B: Tensor) -> Tensor:
        present_B, right_B = target_B >= 0, target_B.clamp(min=0)
        levels_C = torch.arange(logits_BC.shape[1], device=logits_BC.device)
        wanted_BC = torch.softmax(-sharpness * (levels_C - right_B[:, None]).abs().float(), -1)
        rows_B = -(wanted_BC * functional.log_softmax(logits_BC.float(), -1)).sum(1)
        weight_B = present_B.float() if weights_C is None else weights_C.to(rows_B.device)[right_B] * present_B
        return (rows_B * weight_B).sum() / weight_B.sum().clamp(min=1e-12)

    return loss


def corn_loss(weights_C: Tensor | None = None) -> Loss:
    """CORN (Shi, Cao and Raschka 2023): each step up the scale is a yes-or-no question to the rows that reached it.

    The logits of a softmax head are read as probabilities p; P(y > k | y ≥ k) = Σ_{c>k} p / Σ_{c≥k} p. The mean is over
    all questions asked: rows of low levels, which are asked less often, weigh less than under cross-entropy.
    """

    def loss(logits_BC: Tensor, target_B: Tensor) -> Tensor:
        present_B, right_B = target_B >= 0, target_B.clamp(min=0)
        log_BC = functional.log_softmax(logits_BC.float(), -1)
        # log P(y >= k): the sum of the probabilities from k on.
        from_BC = torch.flip(torch.logcumsumexp(torch.flip(log_BC, (1,)), 1), (1,))
        up_BK = from_BC[:, 1:] - from_BC[:, :-1]
        stay_BK = log_BC[:, :-1] - from_BC[:, :-1]
        steps_K = torch.arange(up_BK.shape[1], device=logits_BC.device)
        asked_BK = (right_B[:, None] >= steps_K) & present_B[:, None]
        answers_BK = torch.where(right_B[:, None] > steps_K, up_BK, stay_BK)
        weight_B1 = 1.0 if weights_C is None else weights_C.to(log_BC.device)[right_B][:, None]
        share_BK = asked_BK.float() * weight_B1
        return -(answers_BK * share_BK).sum() / share_BK.sum().clamp(min=1e-12)

    return loss


def asymmetric_loss(positive: float = 0.0, negative: float = 4.0, margin: float = 0.05) -> Loss:
    """Focal binary cross-entropy whose negatives count less, and not at all once p < margin (Ridnik et al. 2021).

    Args:
        positive, negative: focusing exponents γ+ and γ-; both 0 with margin 0 give binary cross-entropy.
        margin: shift of the negatives' probability.
    """

    def loss(logits_BC: Tensor, target_BC: Tensor) -> Tensor:
        present_BC = (target_BC >= 0).float()
        yes_BC = torch.sigmoid(logits_BC.float())
        no_BC = (1.0 - yes_BC + margin).clamp(max=1.0)
        gain_BC = (1.0 - yes_BC) ** positive * functional.logsigmoid(logits_BC.float())
        # Where the margin already covers it the logarithm is 0, and so is its gradient.
        cost_BC = (1.0 - no_BC) ** negative * no_BC.clamp(min=1e-8).log()
        cells_BC = torch.where(target_BC > 0, gain_BC, cost_BC) * present_BC
        return -cells_BC.sum() / present_BC.sum().clamp(min=1.0)

    return loss


def build_loss(kind: str, name: str, weights_C: Tensor | None = None, smoothing: float = 0.0) -> Loss:
    """The named loss for tasks of a kind.

    Args:
        weights_C: of the labels (of a multi task: of their positive rows); not used by `asymmetric`.
        smoothing: label smoothing, of cross-entropy only.
    """
    if name == "cross_entropy":
        return LOSSES[kind](weights_C, smoothing)
    if name == "asymmetric":
        return asymmetric_loss()
    return _WEIGHTED[name](weights_C=weights_C)


_WEIGHTED = {"focal": focal_loss, "soft": soft_ordinal_loss, "corn": corn_loss}
