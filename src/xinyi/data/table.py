"""From a file's rows to the data table: texts prepared, ids made, one layout for every source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from xinyi.data.cells import BadCellError, as_text, is_value
from xinyi.data.prepare import CHUNK_ROWS, Preparation, Prepared, RawChunk, prepare_chunks
from xinyi.data.raw import RawFile, empty_problem
from xinyi.data.spill import spilled
from xinyi.data.wording import rows_text
from xinyi.errors import DataError, describe
from xinyi.tasks.spec import TaskSpec

# Which rows stay in one split; numbered once the splits are made (data.groups).
GROUP = "group"
META = "meta."
# Metadata of rows that none of a task's labels fits (data.outside).
OUTSIDE = "outside."


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
            *((f"{META}{name}", text) for name in meta),
            ("source", text),
            ("row", pa.int64()),
            (GROUP, text),
        ]
    )


class TableMaker:
    """Makes the tables of a data set's files.

    Args:
        schema: of the tables. preparation: what is done to texts. workers: processes that do it.
    """

    def __init__(self, schema: pa.Schema, preparation: Preparation, workers: int) -> None:
        self.schema, self.preparation, self.workers = schema, preparation, workers
        self.problems: list[str] = []
        self.warnings: list[str] = []
        self.damage: list[dict[str, dict[str, int]]] = []

    def table(self, raw: RawFile, labels: Mapping[str, Sequence[Any]], dropped: frozenset[int]) -> pa.Table:
        """The rows of a file whose text is not empty after preparation, and that are not dropped.

        Adds to `problems` what cannot be used, to `warnings` which few rows were left out, and to `damage` for each
        kind of damage how many rows were repaired and left.

        Args:
            labels: task → each row's label; tasks that are absent are null in every row.
            dropped: numbers of rows (from 0 in the order of the file) that are left out.
        """
        reading = _Reading(raw, labels, dropped, self.schema)
        try:
            chunks = prepare_chunks(reading.chunks(), self.preparation, len(raw), self.workers)
            table = spilled((reading.batch(*pair) for pair in chunks), self.schema)
        except DataError as error:
            self.problems += error.problems
            return self.schema.empty_table()
        self._report(raw, reading)
        return table

    def _report(self, raw: RawFile, reading: _Reading) -> None:
        if reading.empty:
            if problem := empty_problem(raw, reading.empty, len(raw)):
                self.problems.append(problem)
            else:
                left = f"{len(reading.empty)} row(s) with an empty text left out: {rows_text(reading.empty)}"
                self.warnings.append(f"{raw.name}: {left}")
        for kind, found in sorted(reading.damage.items()):
            for rows, what in zip(found, ("repaired", "which cannot be repaired"), strict=True):
                if rows:
                    shown = f"{len(rows)} row(s): {rows_text(rows)}"
                    self.warnings.append(f"{raw.name}: damaged text ({kind}), {what}, in {shown}")
        counts = {kind: {"repaired": len(a), "left": len(b)} for kind, (a, b) in sorted(reading.damage.items())}
        self.damage.append(counts)


class _Reading:
    """The second reading of one file."""

    def __init__(
        self, raw: RawFile, labels: Mapping[str, Sequence[Any]], dropped: frozenset[int], schema: pa.Schema
    ) -> None:
        self.raw, self.labels, self.dropped, self.schema = raw, labels, dropped, schema
        self.meta = [field.name for field in schema if field.name.startswith(META)]
        self.at = 0
        self.empty: list[int] = []
        self.damage: dict[str, tuple[list[int], list[int]]] = {}

    def chunks(self) -> Iterator[RawChunk]:
        """The file's rows. Raises DataError when they are no longer those of the first reading."""
        columns = {name: name.removeprefix(META) for name in self.meta if name.removeprefix(META) in self._kept()}
        source, chunk, count = self.raw.source, RawChunk(), 0
        outside = {t: (source.labels[t], value) for t, value in source.outside.items() if t in source.labels}
        for number, row in self.raw.records():
            if count >= len(self.raw) or self.raw.rows[count] != number:
                break
            count += 1
            chunk.rows.append(number)
            chunk.texts.append(str(row.get(source.text, "")))
            chunk.contexts.append(row.get(source.context) if source.context else None)
            if source.group:
                chunk.others.setdefault(GROUP, []).append(_plain(row.get(source.group)))
            for name, column in columns.items():
                chunk.others.setdefault(name, []).append(_plain(row.get(column)))
            for task, (column, value) in outside.items():
                mark = "yes" if is_value(row.get(column), value) else None
                chunk.others.setdefault(f"{META}{OUTSIDE}{task}", []).append(mark)
            if len(chunk) == CHUNK_ROWS:
                yield chunk
                chunk = RawChunk()
        if count != len(self.raw):
            problem = describe("a file that stays as it is", "one that changed", "start again", str(self.raw.path))
            raise DataError([problem])
        if len(chunk):
            yield chunk

    def _kept(self) -> set[str]:
        return {*self.raw.source.meta, *self.raw.source.constants}

    def batch(self, chunk: RawChunk, prepared: Prepared) -> pa.RecordBatch:
        """One chunk in the table's layout, without the rows that are left out."""
        start, self.at = self.at, self.at + len(chunk)
        for kind, found in prepared.damage.items():
            for known, rows in zip(self.damage.setdefault(kind, ([], [])), found, strict=True):
                known += rows
        self.empty += [row for row, text in zip(chunk.rows, prepared.texts, strict=True) if not text]
        columns = {
            "id": prepared.ids,
            "text": prepared.texts,
            "context": prepared.contexts,
            "source": [self.raw.name] * len(chunk),
            "row": chunk.rows,
            **{f"label.{task}": values[start : self.at] for task, values in self.labels.items()},
            **chunk.others,
        }
        nothing = [None] * len(chunk)
        arrays = [pa.array(columns.get(field.name, nothing), field.type) for field in self.schema]
        batch = pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        kept = [i for i, text in enumerate(prepared.texts) if text and start + i not in self.dropped]
        return batch if len(kept) == len(batch) else batch.take(pa.array(kept, pa.int64()))


def _plain(value: Any) -> str | None:
    """Metadata as text; blank cells are null, and so is what has no plain form."""
    try:
        return None if value is None else as_text(value) or None
    except BadCellError:
        return None
