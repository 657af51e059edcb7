"""Nearly the same text with different labels: copies that two people labelled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import MOST_EXAMPLES, Material


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of labelled training rows whose label differs from that of an earlier, nearly equal text."""
    if "train" not in material.splits:
        return
    alike, texts = material.repeats, material.texts("train")
    for task in material.tasks:
        known, members = material.known("train", task), material.members("train", task)
        rows = np.flatnonzero((alike >= 0) & known)
        rows = rows[known[alike[rows]] & (members[rows] != members[alike[rows]]).any(axis=1)]
        if not len(rows):
            continue
        column = material.splits["train"][f"label.{task.id}"]
        shown = tuple(
            Example(
                (texts[int(row)].as_py(), texts[int(alike[row])].as_py()),
                f"{_name(column[int(row)].as_py())}, then {_name(column[int(alike[row])].as_py())}",
            )
            for row in rows[:MOST_EXAMPLES]
        )
        share = len(rows) / max(1, int(known.sum()))
        message = f"{task.id}: {len(rows):,} train rows ({share:.2%}) nearly repeat another one with a different label"
        yield Measured(share, message, "train", task.id, count=len(rows), examples=shown)


def _name(label: str | list[str]) -> str:
    return " + ".join(label) or "none" if isinstance(label, list) else label


CHECK = Check(
    "near_contradictions",
    "nearly the same text with different labels",
    "warning",
    0.001,
    "decide which label is right, or keep one of the copies",
    measure,
    needs_train=True,
)
