"""Mahalanobis scores of validation and test rows, where some of them are marked as outside a task's labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xinyi.data import Dataset
from xinyi.evaluation.density import fit_density
from xinyi.pipeline.parts import Parts
from xinyi.pipeline.predicting import vectors_of

# Training rows that the means and the covariance are fitted on: enough for either, and quickly encoded.
MOST_ROWS = 20_000


def mahalanobis(dataset: Dataset, parts: Parts, splits: tuple[str, ...]) -> dict[str, dict[str, NDArray]]:
    """Split → task → score (N,); nothing where no row is marked (its only use is to find such rows)."""
    marked = [task.id for task in dataset.tasks if any(_marked(dataset, split, task.id) for split in splits)]
    if not marked:
        return {}
    train = parts.splits["train"].spread(MOST_ROWS)
    vectors_ND = vectors_of(parts, train)
    fitted = {task: fit_density(vectors_ND, train.targets[task].astype(np.int64)) for task in marked}
    out: dict[str, dict[str, NDArray]] = {}
    for split in splits:
        vectors_BD = vectors_of(parts, parts.splits[split])
        out[split] = {task: density.score(vectors_BD) for task, density in fitted.items() if density}
    return out


def _marked(dataset: Dataset, split: str, task: str) -> bool:
    name, table = f"meta.outside.{task}", dataset.splits[split]
    return name in table.column_names and table[name].null_count < len(table)
