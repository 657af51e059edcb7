"""epochs.jsonl in the run folder: what each validation found, for programs that watch a run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytorch_lightning as pl


class EpochLog(pl.Callback):
    """Appends one line a validation: `epoch` (from 1), `step` and the logged `val/…` metrics.

    A run that goes on from a checkpoint first takes out the lines of what came after it: each epoch stands once.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep the lines up to the checkpoint's step."""
        if not trainer.is_global_zero or not self.path.is_file():
            return
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        kept = [line for line in lines if _step(line) <= trainer.global_step]
        if kept != lines:
            beside = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
            beside.write_text("".join(kept), encoding="utf-8")
            os.replace(beside, self.path)

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


def _step(line: str) -> float:
    """The line's step; infinite for a line that a kill or a full disk cut short."""
    try:
        return float(json.loads(line)["step"]) if line.endswith("\n") else float("inf")
    except (ValueError, KeyError, TypeError):
        return float("inf")
