"""From a file's raw columns to the data table: texts prepared, ids made, one layout for every source."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from xinyi.data.cells import BadCellError, as_text
from xinyi.data.raw import RawFile, empty_problem
from xinyi.data.wording import rows_text
from xinyi.tasks.spec import TaskSpec
from xinyi.text import prepare

# Which rows stay in one split; dropped once the splits are made.
GROUP = "group"


def table_schema(tasks: Sequence[TaskSpec], meta: Sequence[str]) -> pa.Schema:
    """The layout of a data table, with the working column `group`."""
    text = pa.string()
    label = {"multi": pa.list_(text)}
    return pa.schema(
        [
            ("id", text),
            ("text", text),
            ("context", text),
            *((f"label.{task.id}", label.get(task.kind, text)) for task in tasks),
            *((f"meta.{name}", text) for name in meta),
            ("source", text),
            ("row", pa.int64()),
            (GROUP, text),
        ]
    )


def row_id(text: str, context: str) -> str:
    """16 hex digits of the SHA-256 of the prepared context and text."""
    return hashlib.sha256(f"{context}\x1f{text}".encode()).hexdigest()[:16]


def to_table(
    raw: RawFile,
    labels: Mapping[str, list[Any]],
    schema: pa.Schema,
    masking: bool,
    problems: list[str],
    warnings: list[str],
) -> pa.Table:
    """The rows of a file whose text is not empty after preparation.

    Args:
        labels: task → each row's label; tasks that are absent are null in every row.
        problems: gets "too many empty texts". warnings: gets which few were left out.
    """
    texts = [prepare(text, masking=masking) for text in raw.texts]
    contexts = [prepare(_joined(context), masking=masking) if context else "" for context in raw.contexts]
    empty = [i for i, text in enumerate(texts) if not text]
    _report_empty(raw, [raw.rows[i] for i in empty], problems, warnings)
    columns = {
        "id": [row_id(*pair) for pair in zip(texts, contexts, strict=True)],
        "text": texts,
        "context": contexts,
        "source": [raw.name] * len(raw),
        "row": raw.rows,
        GROUP: [_plain(group) for group in raw.groups],
        **{f"label.{task}": values for task, values in labels.items()},
        **{f"meta.{name}": [_plain(cell) for cell in cells] for name, cells in raw.meta.items()},
    }
    nothing = [None] * len(raw)
    table = pa.table({f.name: pa.array(columns.get(f.name, nothing), f.type) for f in schema}, schema=schema)
    if empty:
        gone = set(empty)
        table = table.take([i for i in range(len(raw)) if i not in gone])
    return table


def _report_empty(raw: RawFile, rows: list[int], problems: list[str], warnings: list[str]) -> None:
    if not rows:
        return
    if problem := empty_problem(raw, rows, len(raw)):
        problems.append(problem)
    else:
        warnings.append(f"{raw.name}: {len(rows)} row(s) with an empty text left out: {rows_text(rows)}")


def _joined(context: Any) -> str:
    """Turns as one text, oldest first; the newest end is what the encoder keeps."""
    return " ".join(context) if isinstance(context, list) else context or ""


def _plain(value: Any) -> str | None:
    """Metadata as text; blank cells are null, and so is what has no plain form."""
    try:
        return None if value is None else as_text(value) or None
    except BadCellError:
        return None
