"""Labels that stand in validation or test but not in training: every such row is a sure mistake."""

from __future__ import annotations

from collections.abc import Iterator

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import Material
from xinyi.data.wording import known_text


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of each later split's labelled rows that have a label without a training row."""
    if "train" not in material.splits:
        return
    for task in material.tasks:
        learnt = material.members("train", task).any(axis=0)
        for split in (name for name in material.splits if name != "train"):
            members, known = material.members(split, task), int(material.known(split, task).sum())
            unseen = members.any(axis=0) & ~learnt
            rows = members[:, unseen].any(axis=1).nonzero()[0]
            if not len(rows):
                continue
            names = [label for label, is_one in zip(task.label_ids, unseen, strict=True) if is_one]
            message = f"{task.id}: {len(rows):,} {split} rows have a label that no train row has: {known_text(names)}"
            shown = tuple(Example((text,)) for text in material.examples(split, rows.tolist()))
            yield Measured(len(rows) / known, message, split, task.id, count=len(rows), examples=shown)


CHECK = Check(
    "unseen_labels",
    "labels unseen in training",
    "error",
    0.0,
    "add training rows, or map the label to none (data.map: {label: ''})",
    measure,
    needs_train=True,
)
