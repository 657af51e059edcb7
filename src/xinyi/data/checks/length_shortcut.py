"""Labels that the length of a text gives away: a model can then score well without reading."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from xinyi.data.checks.finding import Check, Measured
from xinyi.data.checks.material import Material
from xinyi.data.checks.shortcuts import area

BINS = 16


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """For each label the area under the ROC curve of the length alone (0.5: length says nothing), in training."""
    if "train" not in material.splits:
        return
    lengths = material.lengths["train"]
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, lengths, side="right").astype(np.int64)
    for task in material.tasks:
        known, members = material.known("train", task), material.members("train", task)
        for index, label in enumerate(task.label_ids):
            wanted = members[known, index]
            found = area(bins[known], wanted)
            if found is not None and found > (limit + 0.5) / 2:
                medians = [int(np.median(lengths[known][side])) for side in (wanted, ~wanted)]
                message = (
                    f"{task.id}: {label!r} is told by length alone with an area under the curve of {found:.2f} "
                    f"(median {medians[0]} characters, {medians[1]} elsewhere)"
                )
                yield Measured(found, message, "train", task.id, label, int(wanted.sum()))


CHECK = Check(
    "length_shortcut",
    "labels that length gives away",
    "warning",
    0.9,
    "collect short and long texts of every label; look at the length slices of the report",
    measure,
    needs_train=True,
)
