"""Blank label cells that may be meant to say that none of the labels fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from xinyi.data.cells import is_missing
from xinyi.data.label_columns import column_task
from xinyi.data.raw import RawFile
from xinyi.tasks.spec import TaskSpec

# Of the training cells; fewer may well have been forgotten.
_MANY = 0.1


def blank_notes(
    tasks: Sequence[TaskSpec],
    files: Sequence[RawFile],
    labels: Sequence[Mapping[str, Sequence[Any]]],
    dropped: Sequence[Set[int]],
) -> Iterator[str]:
    """What is to be said of tasks of several labels with many blank training cells, and none that says none of them.

    Args:
        labels: of each file {task: each row's labels}. dropped: of each file the numbers (from 0) of rows left out.
    """
    rows = [parts for parts in zip(files, labels, dropped, strict=True) if parts[0].split == "train"]
    for task in (task for task in tasks if task.kind == "multi"):
        own = [(file, found[task.id], left) for file, found, left in rows if task.id in found]
        if any(value == [] for _, values, _ in own for value in values):
            continue
        cells = [
            cell
            for file, _, left in own
            for i, cell in enumerate(file.labels[column_task(task, file.source)])
            if i not in left
        ]
        if (blank := sum(map(is_missing, cells))) > _MANY * len(cells):
            seen = f"{blank} of {len(cells)} training cells are blank, which means unlabelled, and none is []"
            yield f"{task.id}: {seen}; if a blank one is to say that none of the labels fits, write [] there"
