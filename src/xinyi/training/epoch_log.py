"""epochs.jsonl in the run folder: what each validation found, for programs that watch a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytorch_lightning as pl


class EpochLog(pl.Callback):
    """Appends one line a validation: `epoch` (from 1), `step` and the logged `val/…` metrics.

    After a stop an epoch may stand in it twice; the later line counts.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write a line."""
        if not trainer.is_global_zero or trainer.sanity_checking:
            return
        found = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("val/")}
        known = {name: value for name, value in found.items() if value == value}  # JSON has no NaN
        line = json.dumps({"epoch": trainer.current_epoch + 1, "step": trainer.global_step, **known})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(line + "\n")
