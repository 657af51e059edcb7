"""What watches over a run: the random state in checkpoints, stopping on signals, and regular saving."""

from __future__ import annotations

import random
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch

from xinyi.errors import Interrupted


class RandomState(pl.Callback):
    """Keeps the state of every random generator in the checkpoint, so that a resumed run draws the same numbers."""

    def __init__(self) -> None:
        self._pending: dict[str, Any] | None = None

    def on_save_checkpoint(self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Add the states under `random_state`."""
        kind, keys, place, has_gauss, gauss = np.random.get_state()  # noqa: NPY002 - the global state is what is kept
        checkpoint["random_state"] = {
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "python": random.getstate(),
            "numpy": (str(kind), torch.from_numpy(keys.astype(np.int64)), int(place), int(has_gauss), float(gauss)),
        }

    def on_load_checkpoint(self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Remember the states until training starts: setting up may draw numbers in between."""
        self._pending = checkpoint.get("random_state")

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the states back."""
        state, self._pending = self._pending, None
        if state is None:
            return
        torch.set_rng_state(state["torch"])
        if state["cuda"] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(state["cuda"])
        random.setstate(state["python"])
        kind, keys, place, has_gauss, gauss = state["numpy"]
        np.random.set_state((kind, keys.numpy().astype(np.uint32), place, has_gauss, gauss))  # noqa: NPY002


class Survival(pl.Callback):
    """Saves `last.ckpt` every few minutes, and on Ctrl-C or SIGTERM at the next batch, then ends the run cleanly.

    Args:
        path: the checkpoint that a stopped run goes on from.
        run: the run folder, named in the message.
        minutes: between two saves.
    """

    def __init__(self, path: Path, run: Path, minutes: float = 5.0) -> None:
        self.path, self.run, self.seconds = path, run, 60.0 * minutes
        self.signal: int | None = None
        self._former: dict[int, Any] = {}
        self._saved = time.monotonic()

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take over the signals; only a process's main thread may."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._former[number] = signal.signal(number, self._remember)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:  # asked twice: at once
            raise KeyboardInterrupt
        self.signal = number

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Save and stop if asked to; else save when it is time."""
        if self.signal is not None:
            trainer.save_checkpoint(self.path)
            raise Interrupted(
                f"stopped by {signal.Signals(self.signal).name} at step {trainer.global_step}; nothing is lost.\n"
                f"  go on with: xinyi resume {self.run}"
            )
        if time.monotonic() - self._saved > self.seconds:
            trainer.save_checkpoint(self.path)
            self._saved = time.monotonic()

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Give the signals back."""
        for number, handler in self._former.items():
            signal.signal(number, handler)
        self._former.clear()
