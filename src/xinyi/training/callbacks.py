"""What watches over a run: random state, where to stop, the best weights, what was done so far."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor


class RandomState(pl.Callback):
    """Keeps the state of every random generator in the checkpoint, so that a resumed run draws the same numbers.

    Data-parallel processes draw different numbers: each has its own row of torch's states.
    """

    def __init__(self) -> None:
        self._pending: dict[str, Any] | None = None

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add the states under `random_state`."""
        kind, keys, place, has_gauss, gauss = np.random.get_state()
        checkpoint["random_state"] = {
            "torch": _of_each(trainer, torch.get_rng_state()),
            "cuda": _of_each(trainer, torch.cuda.get_rng_state()) if torch.cuda.is_available() else None,
            "python": random.getstate(),
            "numpy": (str(kind), torch.from_numpy(keys.astype(np.int64)), int(place), int(has_gauss), float(gauss)),
        }

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Remember the states until training starts: setting up may draw numbers in between."""
        self._pending = checkpoint.get("random_state")

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the states back, or at a run's beginning give each process numbers of its own."""
        state, self._pending = self._pending, None
        if state is None:
            if trainer.global_rank:
                torch.manual_seed(torch.initial_seed() + trainer.global_rank)
            return
        # A copy: torch reads a state from the beginning of its storage, whichever row it is given.
        torch.set_rng_state(state["torch"][trainer.global_rank].clone())
        if state["cuda"] is not None and torch.cuda.is_available():
            torch.cuda.set_rng_state(state["cuda"][trainer.global_rank].clone())
        random.setstate(state["python"])
        kind, keys, place, has_gauss, gauss = state["numpy"]
        np.random.set_state((kind, keys.numpy().astype(np.uint32), place, has_gauss, gauss))


def _of_each(trainer: pl.Trainer, state: Tensor) -> Tensor:
    """The processes' states, one a row."""
    if trainer.world_size == 1:
        return state[None]
    return trainer.strategy.all_gather(state.to(trainer.strategy.root_device)).cpu()


class StopAt(pl.Callback):
    """Ends training after so many optimiser steps, and remembers in checkpoints that it was ended.

    Lightning's `max_steps` ends within an epoch without validation, and it forgets on resume that early stopping has
    spoken.
    """

    def __init__(self, steps: int | None) -> None:
        self.steps = steps
        self._stopped = False

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stay stopped."""
        trainer.should_stop = trainer.should_stop or self._stopped

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Stop at the limit; Lightning then validates and ends the epoch."""
        if self.steps is not None and trainer.global_step >= self.steps:
            trainer.should_stop = True

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add `stopped`."""
        checkpoint["stopped"] = trainer.should_stop

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Read `stopped`."""
        self._stopped = bool(checkpoint.get("stopped"))


class BestCheckpoint(ModelCheckpoint):
    """Keeps the weights with the best `val/primary` in best.ckpt, or several under names of their own.

    Its state names files without their folder: a run folder may be moved, or mounted elsewhere, before it is resumed.
    """

    _PATHS = ("best_model_path", "kth_best_model_path", "last_model_path")

    def __init__(self, folder: Path, name: str = "best", count: int = 1) -> None:
        super().__init__(
            dirpath=folder, filename=name, monitor="val/primary", mode="max", save_weights_only=True, save_top_k=count,
            auto_insert_metric_name=False, enable_version_counter=False,
        )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        """Lightning's, with bare file names."""
        state = super().state_dict()
        state |= {key: Path(state[key]).name for key in self._PATHS}
        return {**state, "dirpath": "", "best_k_models": {Path(k).name: v for k, v in state["best_k_models"].items()}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The inverse: file names in this run's folder."""
        state = {**state_dict, "dirpath": self.dirpath}
        state |= {key: self._here(state[key]) for key in self._PATHS}
        state["best_k_models"] = {self._here(name): score for name, score in state["best_k_models"].items()}
        super().load_state_dict(state)

    def _here(self, name: str) -> str:
        # The bare name whatever the checkpoint says: files beaten by a better one are deleted, here and nowhere else.
        return str(Path(str(self.dirpath)) / Path(name).name) if name else ""


class Meter(pl.Callback):
    """Tokens (padding left out) and seconds of training, also over a stop and a resume."""

    def __init__(self) -> None:
        self.tokens, self._before, self._started = 0, 0.0, time.monotonic()

    @property
    def seconds(self) -> float:
        """Time spent in training, validation included."""
        return self._before + time.monotonic() - self._started

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self._started = time.monotonic()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, *_: Any
    ) -> None:
        """Count; the processes' batches of a step are of like size."""
        self.tokens += batch.tokens * trainer.world_size

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run adds to."""
        return {"tokens": self.tokens, "seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See `state_dict`."""
        self.tokens, self._before = state_dict["tokens"], state_dict["seconds"]
