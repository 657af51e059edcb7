"""The same text and context with different labels: one of them is wrong, or the label needs more than the text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import MOST_EXAMPLES, Material
from xinyi.tasks.spec import TaskSpec


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of labelled rows, over all splits, whose text also stands with another label."""
    table = pa.concat_tables([table.select(["id", "text"]) for table in material.splits.values()])
    keys = table["id"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    for task in material.tasks:
        known, answers, names = _answers(material, task)
        rows = np.flatnonzero(known)
        pairs = np.unique(np.stack([keys[rows], answers[rows]]), axis=1)
        texts, labels = np.unique(pairs[0], return_counts=True)
        several = texts[labels > 1]
        if not len(several):
            continue
        inside = rows[np.isin(keys[rows], several)]
        message = f"{task.id}: {len(several):,} text(s) in {len(inside):,} rows occur with different labels"
        shown = tuple(_example(table, inside[keys[inside] == key], answers, names) for key in several[:MOST_EXAMPLES])
        yield Measured(len(inside) / len(rows), message, task=task.id, count=len(several), examples=shown)


def _answers(material: Material, task: TaskSpec) -> tuple[NDArray[np.bool_], NDArray[np.int64], list[str]]:
    """Which rows of all splits are labelled, the number of each row's answer, and the answers' names."""
    known = np.concatenate([material.known(split, task) for split in material.splits])
    members = np.concatenate([material.members(split, task) for split in material.splits])
    sets, answers = np.unique(members, axis=0, return_inverse=True)
    labels = np.array(task.label_ids, dtype=object)
    return known, answers.reshape(-1), [" + ".join(labels[row]) or "none" for row in sets]


def _example(table: pa.Table, rows: NDArray[np.int64], answers: NDArray[np.int64], names: list[str]) -> Example:
    found, counts = np.unique(answers[rows], return_counts=True)
    note = ", ".join(f"{names[answer]} {count}" for answer, count in zip(found, counts, strict=True))
    return Example((table["text"][int(rows[0])].as_py(),), note)


CHECK = Check(
    "contradictions",
    "the same text with different labels",
    "warning",
    0.0,
    "decide which label is right; where the context decides, name its column (data.context)",
    measure,
)
