"""The same text and context with different labels: one of them is wrong, or the label needs more than the text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import MOST_EXAMPLES, Material
from xinyi.tasks.spec import TaskSpec


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of labelled rows, over all splits, whose text also stands with another label."""
    for task in material.tasks:
        answers, rows = _answers(material, task)
        texts = {key: found for key, found in answers.items() if len(found) > 1}
        if not texts:
            continue
        count = sum(sum(found.values()) for found in texts.values())
        message = f"{task.id}: {len(texts):,} text(s) in {count:,} rows occur with different labels"
        shown = tuple(_example(material, key, texts[key]) for key in list(texts)[:MOST_EXAMPLES])
        yield Measured(count / rows, message, task=task.id, count=len(texts), examples=shown)


def _answers(material: Material, task: TaskSpec) -> tuple[dict[str, dict[Any, int]], int]:
    """id → {label: rows}, and the number of labelled rows."""
    answers: dict[str, dict[Any, int]] = defaultdict(dict)
    rows = 0
    for table in material.splits.values():
        for key, value in zip(table["id"].to_pylist(), table[f"label.{task.id}"].to_pylist(), strict=True):
            if value is not None:
                label = " + ".join(sorted(value)) if isinstance(value, list) else value
                answers[key][label] = answers[key].get(label, 0) + 1
                rows += 1
    return answers, rows


def _example(material: Material, key: str, found: dict[Any, int]) -> Example:
    for table in material.splits.values():
        if (row := table["id"].index(key).as_py()) >= 0:
            note = ", ".join(f"{label or 'none'} {count}" for label, count in found.items())
            return Example((table["text"][row].as_py(),), note)
    raise KeyError(key)


CHECK = Check(
    "contradictions",
    "the same text with different labels",
    "warning",
    0.0,
    "decide which label is right; where the context decides, name its column (data.context)",
    measure,
)
