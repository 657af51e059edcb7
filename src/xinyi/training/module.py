"""The Lightning module: losses of all heads, validation by each task's primary metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from xinyi.models.classifier import MultiTaskClassifier
from xinyi.training.checkpoint_io import digest
from xinyi.training.finite import FiniteWatch, poisoned
from xinyi.training.loader import Batch
from xinyi.training.memory import in_parts
from xinyi.training.objective import Losses, Objective
from xinyi.training.sharded import shard, whole
from xinyi.training.still import check_still, leave_out, still_weights

Score = Callable[[str, NDArray, NDArray], float]


class ClassifierModule(pl.LightningModule):
    """Trains one encoder with its heads.

    Args:
        model: what is trained.
        objective: what is minimised.
        optimizer: makes optimiser and learning-rate course from the model; called once, when training starts.
        score: (task, targets, logits) → primary metric, higher is better.
        log_every: steps between two logged losses.
        micro_tokens: padded tokens that go through the model at once; None: a whole batch.
    """

    def __init__(
        self,
        model: MultiTaskClassifier,
        objective: Objective,
        optimizer: Callable[[torch.nn.Module], tuple[torch.optim.Optimizer, Callable[[int], float]]],
        score: Score,
        log_every: int = 20,
        micro_tokens: int | None = None,
    ) -> None:
        super().__init__()
        self.model, self.objective = model, objective
        self.make_optimizer, self.score, self.log_every = optimizer, score, log_every
        self.micro_tokens, self.watch = micro_tokens, FiniteWatch()
        self.last_loss: Tensor | None = None
        self._still: str | None = None
        self._seen: list[tuple[dict[str, Tensor], dict[str, Tensor]]] = []

    def configure_model(self) -> None:
        """Share the weights out where the strategy asks for it."""
        if self.device_mesh is not None:
            shard(self.model, self.device_mesh["data_parallel"])

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Logits of each task."""
        return self.model(batch.ids_BL, batch.mask_BL, batch.types_BL)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """What the objective makes of the batch. Raises NotFinite, on a GPU some steps later."""
        loss, each = self._in_parts(batch, batch_idx) if self.micro_tokens else self.objective(self.model, batch)
        self.last_loss = loss.detach()
        self.watch.loss(self.last_loss, self.global_step, batch.rows_B)
        if self.global_step % self.log_every == 0:
            self._report(each)
        return poisoned(loss) if self.trainer.world_size > 1 else loss

    def _in_parts(self, batch: Batch, batch_idx: int) -> tuple[Tensor, Losses]:
        accumulate = self.trainer.accumulate_grad_batches
        if batch_idx % accumulate == 0:
            self.optimizers(use_pl_optimizer=False).zero_grad()
        return in_parts(self.objective, self.model, batch, self.micro_tokens, 1.0 / accumulate)

    def optimizer_zero_grad(self, epoch: int, batch_idx: int, optimizer: torch.optim.Optimizer) -> None:
        """Lightning asks for it after the forward pass, when parts of the batch have left their gradients already."""
        if not self.micro_tokens:
            super().optimizer_zero_grad(epoch, batch_idx, optimizer)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Nothing is saved after a step that was not finite, and nothing whose steps were not logged.

        Weights that stand still are left out.

        A killed run goes on after the checkpoint's step: what waits to be logged would be missing for good. What is
        logged and then done again is known by its step.
        """
        self.watch.check()
        for logger in self.loggers:
            logger.save()
        if weights := still_weights(self):
            self._still = self._still or digest(weights)  # once: they stand still
            leave_out(checkpoint, weights, self._still)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Raises BundleError where the checkpoint goes with other weights that stand still."""
        check_still(checkpoint, self, "the run's checkpoint")

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """As torch's; weights that stand still need not be there."""
        return super().load_state_dict({**still_weights(self), **state_dict}, strict, assign)

    def _report(self, each: Mapping[str, Tensor]) -> None:
        """Log losses and learning rate. Waits for the device: not each step."""
        self.watch.check()
        total = float(self.last_loss)
        values = {"train/loss": total, "train/lr": self.optimizers().param_groups[0]["lr"]}
        values |= {f"train/{task}/loss": float(loss.detach()) for task, loss in each.items()} if len(each) > 1 else {}
        for logger in self.loggers:
            logger.log_metrics(values, step=self.global_step)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep logits and targets until all rows were seen."""
        logits = {task: values.float().cpu() for task, values in self(batch).items()}
        self._seen.append((logits, {task: values.cpu() for task, values in batch.targets.items()}))

    def on_validation_epoch_end(self) -> None:
        """Log `val/loss`, each task's primary metric, and their mean as `val/primary`."""
        logits, targets = (
            {task: torch.cat([part[side][task] for part in self._seen]) for task in self.objective.losses}
            for side in (0, 1)
        )
        self._seen.clear()
        loss = self.objective.total(self.objective.each(logits, targets))
        scores = {task: self.score(task, targets[task].numpy(), logits[task].numpy()) for task in logits}
        values = {f"val/{task}": value for task, value in scores.items()}
        # A task without validation rows does not count.
        known = [value for value in scores.values() if not np.isnan(value)]
        values |= {"val/loss": float(loss), "val/primary": float(np.mean(known)) if known else float("nan")}
        self.log_dict(values, rank_zero_only=False, sync_dist=False, batch_size=1)

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip by norm. Lightning's own way refuses fused optimisers, for the sake of fp16, which we never use."""
        gradients = [p.grad for p in self.parameters() if p.grad is not None]
        norm = whole(torch.nn.utils.get_total_norm(gradients))
        self.watch.norm(norm, self.global_step)
        if gradient_clip_val:
            torch.nn.utils.clip_grads_with_norm_(self.parameters(), gradient_clip_val, norm)

    def configure_optimizers(self) -> dict[str, object]:
        """AdamW or another, and a rate that changes every step."""
        optimizer, factor = self.make_optimizer(self.model)
        if own := list(self.objective.parameters()):
            rate = max(group["lr"] for group in optimizer.param_groups)  # that of the heads, which are new as well
            optimizer.add_param_group({"params": own, "lr": rate, "weight_decay": 0.0})
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
