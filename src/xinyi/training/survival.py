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

_SAVE, _STOP = 1, 2


class Survival(Checkpoint):
    """Saves `last.ckpt` at each epoch's end and every few minutes; at Ctrl-C or SIGTERM saves it and ends the run.

    It saves between optimiser steps only: gradients that were gathered for the next step are in no checkpoint. After
    an epoch's last batch it waits for the validation: Lightning would take a run that stopped in between for one whose
    epoch is complete, and never validate it. A validation that goes on for longer than `grace` ends unsaved; the run
    then goes on from the last regular save. A `Checkpoint`, so that it comes after early stopping and sees its state.

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

    def on_validation_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Do not wait for a long validation: whoever sent the signal may soon send one that cannot be heard."""
        late = self.signal is not None and time.monotonic() - self._asked > self.grace
        if _most(trainer, int(late)):
            raise self.at_once()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save and stop if asked to; else save when it is time."""
        between_steps = (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        epoch_ends = batch_idx + 1 >= trainer.num_training_batches or trainer.should_stop
        if between_steps and not epoch_ends:
            due = time.monotonic() - self._saved > self.seconds
            self._act(trainer, _STOP if self.signal is not None else _SAVE if due else 0)

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


def _most(trainer: pl.Trainer, wish: int) -> int:
    """The strongest wish of all processes."""
    if trainer.world_size == 1:
        return wish
    wishes = torch.tensor(wish, device=trainer.strategy.root_device)
    torch.distributed.all_reduce(wishes, op=torch.distributed.ReduceOp.MAX)
    return int(wishes)
