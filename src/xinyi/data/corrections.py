"""Corrected labels: what an annotator decided about suspected label errors, put back into the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from xinyi.data.cells import as_text, is_missing
from xinyi.data.names import written
from xinyi.data.read import read_rows
from xinyi.data.wording import known_text, rows_text, value_text
from xinyi.errors import DataError, describe
from xinyi.tasks.spec import TaskSpec

COLUMNS = ("id", "task", "label")
JOINED = " + "
# In the column `label`: no label at all, and for tasks of several labels none of them.
DROP, NONE = "drop", "-"

Labels = dict[str, dict[str, Any]]


def corrected(
    tables: Sequence[pa.Table], tasks: Sequence[TaskSpec], files: Sequence[str], warnings: list[str]
) -> list[pa.Table]:
    """The tables with the labels that the files give to rows by their id; every row with that text and context gets it.

    Args:
        files: csv, xlsx or any format that data may have, with the columns id, task and label. Empty labels keep what
            is there. warnings: gets how many labels changed, and ids that no row has.

    Raises:
        DataError: files that cannot be read, unknown tasks and labels, two answers for one row.
    """
    if not files:
        return list(tables)
    answers = _read(files, {task.id: task for task in tasks})
    result, used, changed = [], set(), 0
    for table in tables:
        ids = table["id"].to_pylist()
        for task, labels in answers.items():
            rows = [i for i, key in enumerate(ids) if key in labels]
            used.update((task, ids[i]) for i in rows)
            name = f"label.{task}"
            values = table[name].to_pylist() if rows else []
            changed += sum(_differs(values[i], labels[ids[i]]) for i in rows)
            for i in rows:
                values[i] = labels[ids[i]]
            if rows:
                field = table.schema.field(name)
                table = table.set_column(table.column_names.index(name), field, pa.array(values, field.type))
        result.append(table)
    absent = sum(len(labels) for labels in answers.values()) - len(used)
    warnings.append(f"{changed} label(s) corrected by {known_text(Path(file).name for file in files)}")
    if absent:
        warnings.append(f"{absent} correction(s) name an id that no row has: the data or the masker changed since")
    return result


def _differs(old: Any, new: Any) -> bool:
    return sorted(old or []) != sorted(new or []) if isinstance(new, list) or isinstance(old, list) else old != new


def _read(files: Sequence[str], tasks: Mapping[str, TaskSpec]) -> Labels:
    problems: list[str] = []
    answers: Labels = {}
    for file in files:
        bad: dict[str, list[int]] = {}
        for number, row in read_rows(Path(file).expanduser()):
            if absent := [name for name in COLUMNS if name not in row]:
                remedy = "use the file that xinyi data check wrote"
                problems.append(describe(f"columns {', '.join(COLUMNS)}", f"none called {absent[0]!r}", remedy, file))
                break
            _take(row, number, tasks, answers, bad)
        problems += _problems(file, bad, tasks)
    if problems:
        raise DataError(problems)
    return answers


def _take(
    row: Mapping[str, Any], number: int, tasks: Mapping[str, TaskSpec], answers: Labels, bad: dict[str, list[int]]
) -> None:
    """One line's answer into `answers`, or its number into `bad`."""
    text = "" if is_missing(row["label"]) else as_text(row["label"]).removeprefix("'")
    key, name = str(row["id"]).strip(), str(row["task"]).strip()
    if not text:
        return
    if name not in tasks:
        bad.setdefault(f"task {value_text(name)}", []).append(number)
        return
    label, unknown = _label(text, tasks[name])
    known = answers.setdefault(name, {})
    if unknown:
        bad.setdefault(f"{name}: label {value_text(unknown)}", []).append(number)
    elif key in known and _differs(known[key], label):
        bad.setdefault(f"{name}: another label for a row that has one already", []).append(number)
    else:
        known[key] = label


def _label(text: str, task: TaskSpec) -> tuple[Any, str]:
    """The label, and what is unknown about it. A label may be written by its id or by its name."""
    if text == DROP:
        return None, ""
    empty = task.empty.id if task.empty else None
    names = {name: label for name, label in written(task).items() if label != empty}
    if task.kind != "multi":
        return names.get(text), "" if text in names else text
    if text == NONE or (empty and written(task).get(text) == empty):
        return [], ""
    return _several(text, names)


def _several(text: str, names: Mapping[str, str]) -> tuple[list[str], str]:
    """The labels that a cell joins, and the first that is unknown. A label's own name may hold a +."""
    ways = ([text], *([part.strip() for part in text.split(sign)] for sign in (JOINED, JOINED.strip())))
    if parts := next((way for way in ways if all(part in names for part in way)), None):
        return list(dict.fromkeys(names[part] for part in parts)), ""
    return [], next(part for part in ways[-1] if part not in names)


def _problems(file: str, bad: Mapping[str, list[int]], tasks: Mapping[str, TaskSpec]) -> Iterator[str]:
    for got, numbers in bad.items():
        known = tasks.get(got.partition(":")[0])
        expected = f"labels among {known_text(known.label_ids)}" if known else f"tasks among {known_text(tasks)}"
        yield describe(expected, f"{got} in {rows_text(numbers)}", "correct the cells", file)
