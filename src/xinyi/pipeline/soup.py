"""The soup of a run: its best checkpoints are averaged while validation rows say that it helps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from xinyi.pipeline.folder import RunFolder
from xinyi.pipeline.parts import Parts
from xinyi.pipeline.predicting import logits_of
from xinyi.training.checkpoint_io import SafetensorsCheckpointIO, load_checkpoint
from xinyi.training.recipes.soup import PATTERN, greedy_soup


def stir(folder: RunFolder, parts: Parts) -> dict[str, Any]:
    """Put the soup's weights in the place of best.ckpt; returns what the report says about it.

    The ingredients stay, so that a run that is killed meanwhile makes the same soup again.
    """
    paths = ingredients(folder)
    if not paths:
        return {"checkpoints": 0, "kept": 0}

    def score(weights: Mapping[str, torch.Tensor]) -> float:
        parts.module.load_state_dict(weights)
        return validation_score(parts)

    parts.model.float().to("cuda" if parts.on_gpu else "cpu")
    soup = greedy_soup([load_checkpoint(path)["state_dict"] for path in paths], score)
    content = {**load_checkpoint(paths[soup.kept[0]]), "state_dict": soup.weights}
    SafetensorsCheckpointIO().save_checkpoint(content, folder.best)
    steps = [int(paths[i].stem.rpartition("-")[2]) for i in soup.kept]
    return {
        "checkpoints": len(paths), "kept": len(soup.kept), "steps": steps,
        "validation": soup.score, "best_alone": soup.alone,
    }  # fmt: skip


def ingredients(folder: RunFolder) -> list[Path]:
    """The checkpoints that a soup is made of, in the order of their names."""
    return sorted(folder.best.parent.glob(PATTERN))


def validation_score(parts: Parts) -> float:
    """The mean of the tasks' primary metrics on validation rows, as training steers by; tasks without rows left out."""
    split = parts.splits["validation"]
    logits = logits_of(parts, split)
    scores = [parts.module.score(task, split.targets[task], logits[task]) for task in logits]
    known = [value for value in scores if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
