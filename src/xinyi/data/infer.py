"""Tasks that nobody declared: kind and labels read off the training rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from xinyi.data.cells import as_text
from xinyi.data.raw import RawFile
from xinyi.data.several import holds_several
from xinyi.data.wording import known_text, names_text, nearest, value_text
from xinyi.errors import describe
from xinyi.tasks.spec import Label, TaskSpec

MOST_LABELS = 1000


def infer_kind(task: str, files: Sequence[RawFile], problems: list[str]) -> str:
    """`data.kinds` decides, then `data.order` or `data.stars` (ordinal), then several labels in a cell (multi, see
    `xinyi.data.several`), else single.

    Args:
        files: the training files with a column for the task.
        problems: told when two sources disagree.
    """
    said = sorted({f.source.kinds[task] for f in files if task in f.source.kinds})
    if len(said) > 1:
        remedy = f"write the same kind into each source's kinds.{task}"
        problems.append(describe("one kind for a task", f"{' and '.join(said)}", remedy, f"data.kinds.{task}"))
    if said:
        return said[0]
    if any(task in f.source.order or task in f.source.stars for f in files):
        return "ordinal"
    return "multi" if holds_several(task, files) else "single"


def infer_spec(
    task: str, kind: str, values: Sequence[Any], orders: Sequence[Sequence[str]], problems: list[str]
) -> TaskSpec | None:
    """The task's specification, or None with the reasons added to `problems`.

    Args:
        values: each training row's label (multi: labels), None where it is missing.
        orders: what the sources say about the order of the labels.
    """
    counts = label_counts(values)
    found = [*one_label_problems(task, values), *_count_problems(task, counts, values)]
    labels = _sorted(counts)
    if kind == "ordinal" and not found:
        found += _order_problems(task, labels, orders)
        labels = [as_text(label) for label in orders[0]] if orders else labels
    problems += found
    return None if found else TaskSpec(task, kind, tuple(Label(label) for label in labels))


def label_counts(values: Iterable[Any]) -> Counter[str]:
    """Rows of each label."""
    return Counter(label for value in values for label in _labels(value))


def one_label_problems(task: str, values: Sequence[Any]) -> Iterator[str]:
    """Training rows that teach nothing: no label at all, or the same answer in every row."""
    answers = {tuple(sorted(_labels(value))) for value in values if value is not None}
    where, remedy = f"data.labels.{task}", "check the label column, or train without this task"
    if not answers:
        yield describe("labelled training rows", "none", remedy, where)
    elif len(answers) == 1:
        labels = ", ".join(map(value_text, answers.pop())) or "none of the labels"
        yield describe("at least two different labels in the training rows", f"only {labels}", remedy, where)


def _count_problems(task: str, counts: Counter[str], values: Sequence[Any]) -> Iterator[str]:
    rows, where = sum(value is not None for value in values), f"data.labels.{task}"
    if len(counts) > MOST_LABELS:
        remedy = "is this a column of texts? Name the label column, or merge rare labels"
        yield describe(f"at most {MOST_LABELS} labels", len(counts), remedy, where)
    elif rows < len(counts):
        remedy = "add rows, or merge rare labels with data.map"
        yield describe(
            "at least as many training rows as labels", f"{rows} rows and {len(counts)} labels", remedy, where
        )


def _order_problems(task: str, labels: Sequence[str], orders: Sequence[Sequence[str]]) -> Iterator[str]:
    where, remedy = f"data.order.{task}", f"set data.order.{task}=[lowest,…,highest]"
    if not orders:
        if _numbers(labels) is None:
            yield describe("labels with an order: numbers, or data.order", names_text(labels), remedy, where)
        return
    order = [as_text(label) for label in orders[0]]
    if any([as_text(label) for label in other] != order for other in orders):
        yield describe("the same order in each source", "different ones", remedy, where)
    if len(set(order)) < len(order):
        yield describe("each label once", known_text(order), remedy, where)
    for label in labels:
        if label not in order:
            yield describe(
                f"labels of the order {known_text(order)}", value_text(label), f"{nearest(label, order)}{remedy}", where
            )


def _sorted(labels: Iterable[str]) -> list[str]:
    """Numbers by size, everything else by code point: the same rows always give the same order."""
    labels = sorted(labels)
    numbers = _numbers(labels)
    return labels if numbers is None else [label for _, label in sorted(zip(numbers, labels, strict=True))]


def _numbers(labels: Sequence[str]) -> list[float] | None:
    try:
        numbers = [float(label) for label in labels]
    except ValueError:
        return None
    # "nan" and "inf" are words here: they could not be sorted.
    return numbers if all(map(math.isfinite, numbers)) else None


def _labels(value: Any) -> Iterable[str]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
