"""The ways in which files may write a task's labels."""

from __future__ import annotations

from collections import Counter

from xinyi.data.cells import as_text
from xinyi.tasks.spec import TaskSpec


def written(task: TaskSpec) -> dict[str, str]:
    """Each way to write a label, its id, Chinese or English name, and the id that is meant; the task's `empty` too.

    A name that two labels share is none of these ways, unless it is one's id.
    """
    labels = [*task.labels, *([task.empty] if task.empty else [])]
    names = [(name, label.id) for label in labels for name in {as_text(label.zh), as_text(label.en)} if name]
    shared = Counter(name for name, _ in names)
    # As a text an id may look different: a file's 2.0 is read as 2.
    ids = {as_text(label.id): label.id for label in labels}
    return {name: key for name, key in names if shared[name] == 1} | ids | {label.id: label.id for label in labels}
