"""One progress bar for the whole run: step, loss, the last validation metric and tokens a second."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytorch_lightning as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from xinyi.training.callbacks import Meter


class RunProgress(pl.Callback):
    """A bar on a terminal; elsewhere one line an epoch, so that log files stay readable.

    Args:
        total: optimiser steps of the run at most.
        epochs: epochs of the run at most.
        meter: tokens and seconds so far.
    """

    def __init__(self, total: int, epochs: int, meter: Meter, console: Console | None = None) -> None:
        self.total, self.epochs, self.meter = total, epochs, meter
        self.console = console or Console(file=sys.stderr)
        self.metric, self._drawn = float("nan"), 0.0
        self.bar: Progress | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Show the bar."""
        if self.console.is_terminal and trainer.is_global_zero:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self.bar = Progress(*columns, console=self.console, transient=False)
            self.task = self.bar.add_task("training", total=self.total)
            self.bar.start()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, *_: Any
    ) -> None:
        """Redraw at most five times a second."""
        now = time.monotonic()
        if self.bar is not None and now - self._drawn > 0.2:
            self._drawn = now
            text = f"epoch {trainer.current_epoch + 1}/{self.epochs} · {self._state(pl_module)}"
            self.bar.update(self.task, completed=trainer.global_step, description=text)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Remember the metric; without a terminal print the epoch's line."""
        self.metric = float(trainer.callback_metrics.get("val/primary", float("nan")))
        if self.bar is not None:
            text = f"epoch {trainer.current_epoch + 1}/{self.epochs} · {self._state(pl_module)}"
            self.bar.update(self.task, completed=trainer.global_step, description=text)
        elif trainer.is_global_zero:
            place = f"epoch {trainer.current_epoch + 1}/{self.epochs} · step {trainer.global_step}"
            self.console.print(f"{place} · {self._state(pl_module)}", highlight=False)

    def _state(self, pl_module: Any) -> str:
        loss = float("nan") if pl_module.last_loss is None else float(pl_module.last_loss)
        rate = self.meter.tokens / max(1e-9, self.meter.seconds)
        return f"loss {loss:.3f} · val {self.metric:.3f} · {rate:,.0f} tokens/s"

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Take the bar down: Lightning calls no teardown after an exception."""
        self._take_down(trainer)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Take the bar down."""
        self._take_down(trainer)

    def _take_down(self, trainer: pl.Trainer) -> None:
        if self.bar is not None:
            self.bar.update(self.task, completed=trainer.global_step)
            self.bar.stop()
            self.bar = None
