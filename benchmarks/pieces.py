"""Our training module with one head, and a clock for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch

from xinyi.models.backbone import Backbone
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.tasks.losses import single_loss
from xinyi.training.module import ClassifierModule
from xinyi.training.objective import Objective
from xinyi.training.optim import OptimSettings, build_optimizer, course, parameter_groups


def build_module(
    backbone: Backbone, labels: int, steps: int, optim: type = torch.optim.AdamW, **parts: Any
) -> ClassifierModule:
    """A module as the pipeline builds it, in training mode; `parts` of the classifier beyond encoder and heads."""
    model = MultiTaskClassifier(backbone.encoder, {"task": labels}, backbone.hidden_size, **parts).train()
    settings = OptimSettings()

    def optimizer(model: torch.nn.Module) -> tuple[torch.optim.Optimizer, Callable[[int], float]]:
        made = build_optimizer(optim, parameter_groups(model, settings), settings)
        return made, course(steps, settings.warmup, settings.schedule)

    return ClassifierModule(model, Objective({"task": single_loss()}, {"task": 1.0}), optimizer, lambda *_: 0.0)


class Clock(pl.Callback):
    """Tokens and seconds after the first steps."""

    def __init__(self, warm: int, count: Callable[[Any], int]) -> None:
        self.warm, self.count = warm, count
        self.seen, self.steps, self.started, self.ended = 0, 0, 0.0, 0.0

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, *_: Any
    ) -> None:
        """Start after `warm` steps, then count."""
        now = time.perf_counter()
        if trainer.global_step == self.warm:
            self.started = now
        elif trainer.global_step > self.warm:
            self.seen += self.count(batch)
            self.steps += 1
        self.ended = now

    def rate(self) -> float:
        """Counted tokens a second."""
        return self.seen / (self.ended - self.started)

    def seconds(self) -> float:
        """Seconds of one counted step."""
        return (self.ended - self.started) / self.steps
