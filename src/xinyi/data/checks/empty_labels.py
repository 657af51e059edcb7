"""Labels that a split lacks: not learnt, or not measured."""

from __future__ import annotations

from collections.abc import Iterator

from xinyi.data.checks.finding import Check, Measured
from xinyi.data.checks.material import Material
from xinyi.data.wording import known_text


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The number of a task's labels without a row, for each split that has rows of the task."""
    for split in material.splits:
        for task in material.tasks:
            if not material.known(split, task).any():
                continue
            counts = material.members(split, task).sum(axis=0)
            absent = [label for label, count in zip(task.label_ids, counts, strict=True) if not count]
            if absent:
                effect = "cannot be learnt" if split == "train" else "is not measured there"
                message = f"{task.id}: {len(absent)} label(s) without a {split} row ({effect}): {known_text(absent)}"
                yield Measured(len(absent), message, split, task.id, count=len(absent))


CHECK = Check(
    "empty_labels",
    "labels without rows",
    "warning",
    0,
    "add rows, or leave the label out of the task",
    measure,
)
