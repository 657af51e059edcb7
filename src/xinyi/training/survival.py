"""How a run outlives a stop: regular saving, and a clean end at Ctrl-C or SIGTERM."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint

from xinyi.errors import Interrupted
from xinyi.training.callbacks import StopAt

_SAVE, _STOP = 1, 2
# Optimiser steps between two questions of several GPUs.
ON_GPU = 10


class Survival(Checkpoint):
    """Saves `last.ckpt` at each epoch's end and every few minutes; at Ctrl-C or SIGTERM saves it and ends the run.

    It saves between optimiser steps only: gradients that were gathered for the next step are in no checkpoint. After
    an epoch's last batch it waits for the validation: Lightning would take a run that stopped in between for one whose
    epoch is complete, and never validate it. A validation that goes on for longer than `grace` ends unsaved. Where that
    may come, it saves before the step after which the validation begins: only that step is then done again.

    A `Checkpoint`, so that it comes after early stopping and sees its state. Several processes agree on what to do;
    as that makes a GPU wait, theirs ask each other every few steps only.

    Args:
        path: the checkpoint that a stopped run goes on from.
        run: the run folder, named in the message.
        minutes: between two saves.
        grace: seconds that a validation may go on after a signal.
    """

    def __init__(self, path: Path, run: Path, minutes: float = 5.0, grace: float = 5.0) -> None:
        self.path, self.run, self.seconds, self.grace = path, run, 60.0 * minutes, grace
        self.signal: int | None = None
        self._saved = self._asked = time.monotonic()
        self._validating = self._saved  # since when
        self._validation: float | None = None  # seconds of the last one

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the signals, from Lightning too: its handler talks to other processes wherever it interrupts this.

        It has noted who had them before, and gives them back when the run ends, whatever ended it.
        """
        self._saved = time.monotonic()
        if threading.current_thread() is threading.main_thread():  # no other may set handlers
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._remember)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:  # asked twice: at once
            raise KeyboardInterrupt
        self.signal, self._asked = number, time.monotonic()

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the time."""
        self._validating = time.monotonic()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Remember how long it took."""
        self._validation = time.monotonic() - self._validating

    def on_validation_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Do not wait for a long validation: whoever sent the signal may soon send one that cannot be heard."""
        late = self.signal is not None and time.monotonic() - self._asked > self.grace
        if _most(trainer, int(late)):
            raise self.at_once()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save and stop if asked to; else save when it is time."""
        left = trainer.num_training_batches - batch_idx - 1
        between_steps = (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        if not between_steps or left <= 0 or trainer.should_stop:
            return
        last = left <= trainer.accumulate_grad_batches or trainer.global_step + 1 == _most_steps(trainer)
        if last or trainer.global_step % _every(trainer) == 0:
            passed = time.monotonic() - self._saved
            due = passed > self.seconds or (last and passed > self.grace and self._may_be_late())
            self._act(trainer, _STOP if self.signal is not None else _SAVE if due else 0)

    def _may_be_late(self) -> bool:
        """Whether the next validation may go on for longer than a signal lets it; of the first nobody knows."""
        return self._validation is None or self._validation > self.grace

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save; stop if asked to."""
        self._act(trainer, _STOP if self.signal is not None else _SAVE)

    def _act(self, trainer: pl.Trainer, wish: int) -> None:
        # Processes hear signals and see clocks at different steps, but can only save together.
        agreed = _most(trainer, wish)
        if agreed == 0:
            return
        trainer.save_checkpoint(self.path)
        self._saved = time.monotonic()
        if agreed == _STOP:
            raise Interrupted(f"{self._reason()} at step {trainer.global_step}; nothing is lost.\n{self._remedy()}")

    def at_once(self) -> Interrupted:
        """What ends a run that was not given the time to save."""
        return Interrupted(f"{self._reason()} at once.\n{self._remedy()}")

    def _reason(self) -> str:
        return "stopped" if self.signal is None else f"stopped by {signal.Signals(self.signal).name}"

    def _remedy(self) -> str:
        start = "go on with" if self.path.is_file() else "no checkpoint was written yet; start again with"
        return f"  {start}: xinyi resume {self.run}"


def _every(trainer: pl.Trainer) -> int:
    """Optimiser steps between two questions to the other processes."""
    return 1 if trainer.world_size == 1 or trainer.strategy.root_device.type == "cpu" else ON_GPU


def _most_steps(trainer: pl.Trainer) -> int | None:
    """The step after which the run ends, where that was set."""
    return next((own.steps for own in trainer.callbacks if isinstance(own, StopAt)), None)


def _most(trainer: pl.Trainer, wish: int) -> int:
    """The strongest wish of all processes."""
    if trainer.world_size == 1:
        return wish
    wishes = torch.tensor(wish, device=trainer.strategy.root_device)
    torch.distributed.all_reduce(wishes, op=torch.distributed.ReduceOp.MAX)
    return int(wishes)
