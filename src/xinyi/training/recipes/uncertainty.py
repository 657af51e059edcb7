"""Weights of several tasks' losses, learnt: the noisier a task, the less its loss counts (Kendall et al. 2018)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn


class UncertaintyWeights(nn.Module):
    """Holds log σ² of each task; the sum is Σ exp(-log σ²) · loss + log σ² / 2 (eq. 10, for classification).

    Args:
        tasks: in the order of the parameter.
    """

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = list(tasks)
        self.log_variance_T = nn.Parameter(torch.zeros(len(self.tasks)))

    def forward(self, each: Mapping[str, Tensor]) -> Tensor:
        """The weighted sum of all tasks' losses; in validation they may lie on another device than the weights."""
        losses_T = torch.stack([each[task] for task in self.tasks]).to(self.log_variance_T.device)
        return (torch.exp(-self.log_variance_T) * losses_T + 0.5 * self.log_variance_T).sum()
