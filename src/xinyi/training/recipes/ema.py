"""The exponential moving average of the weights is what is validated, kept as the best and exported.

Lightning's own callback does the averaging, but its average never reaches checkpoints that hold weights only, as the
best one does.
"""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor


class MovingAverage(pl.Callback):
    """Follows the weights (Polyak and Juditsky 1992; the rising decay is that of Tarvainen and Valpola 2017).

    The average takes the weights' place from a validation until the next epoch begins, so that the metric is computed
    and best.ckpt written from it. A checkpoint to go on from holds the weights themselves, and here the average.

    Args:
        decay: share of the average that stays at each step; less in the first steps.
    """

    def __init__(self, decay: float) -> None:
        self.decay, self.updates = decay, 0
        self._average: list[Tensor] = []
        self._weights: list[Tensor] | None = None  # while the average stands in for them

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin with the weights as they are, or go on with those of a checkpoint."""
        own = _learning(pl_module)
        if not self._average:
            self._average = [p.detach().clone() for p in own]
        self._average = [a.to(p.device) for a, p in zip(self._average, own, strict=True)]

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Take a step's weights in."""
        if trainer.global_step == self.updates:
            return  # gradients are still being gathered
        self.updates = trainer.global_step
        share = 1.0 - min(self.decay, (1.0 + self.updates) / (10.0 + self.updates))
        torch._foreach_lerp_(self._average, [p.detach() for p in _learning(pl_module)], share)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the average in."""
        if self._average and self._weights is None:
            self._weights = [p.detach().clone() for p in _learning(pl_module)]
            _put(pl_module, self._average)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the weights back."""
        if self._weights is not None:
            _put(pl_module, self._weights)
            self._weights = None

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the weights back."""
        self.on_train_epoch_start(trainer, pl_module)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Save the weights, not what stands in for them. Not called for checkpoints of weights only."""
        if self._weights is not None:
            names = [name for name, p in pl_module.named_parameters() if p.requires_grad]
            checkpoint["state_dict"] |= dict(zip(names, self._weights, strict=True))

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run goes on with."""
        return {"updates": self.updates, "average": self._average}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See `state_dict`."""
        self.updates, self._average = state_dict["updates"], list(state_dict["average"])


def _learning(module: pl.LightningModule) -> list[torch.nn.Parameter]:
    """The others stand still, as an adapted backbone's do: they are their own average."""
    return [p for p in module.parameters() if p.requires_grad]


def _put(module: pl.LightningModule, weights: list[Tensor]) -> None:
    for p, value in zip(_learning(module), weights, strict=True):
        p.data.copy_(value)
