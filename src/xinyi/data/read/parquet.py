"""Parquet and Arrow (IPC file or stream, Feather) tables, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from xinyi.data.read.facts import Facts
from xinyi.data.read.values import plain_value
from xinyi.data.wording import names_text, rows_text
from xinyi.errors import DataError, describe

BATCH_ROWS = 4096
# What pyarrow raises for damaged files; a bad size in one can also ask for absurd amounts of memory.
DAMAGED = (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError)


def read_parquet(path: Path, facts: Facts) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (row number from 1, {column: value}).

    Raises:
        DataError: damaged, columns with the same name, fewer rows than the file says; after the last row: rows with
            bytes that are not UTF-8.
    """
    found = 0
    try:
        # Compressed files want real files: only plain ones are read.
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for found, row in table_rows(file.iter_batches(BATCH_ROWS), path):
                yield found, row
            told = file.metadata.num_rows
    except DAMAGED as error:
        raise unreadable(path, "a Parquet file", error) from error
    if found != told:
        raise DataError([describe(f"{told} rows", found, "write the file again", str(path))])


def read_arrow(path: Path, facts: Facts) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (row number from 1, {column: value}) of an IPC file or stream. Raises DataError as `read_parquet`."""
    try:
        with pa.memory_map(str(path)) as source:
            yield from table_rows(_batches(source), path)
    except DAMAGED as error:
        raise unreadable(path, "an Arrow file", error) from error


def table_rows(batches: Iterable[pa.RecordBatch], path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of Arrow batches, numbered from 1. Raises DataError after the last one when some cannot be read."""
    number, bad = 0, []
    for batch in batches:
        batch.validate(full=True)
        if number == 0:
            _check_names(batch.schema.names, path)
        for row in _plain_rows(batch):
            number += 1
            if row is None:
                bad.append(number)
            else:
                yield number, row
    if bad:
        remedy = "write texts as strings in UTF-8"
        raise DataError([describe("values that are text, numbers or lists", rows_text(bad), remedy, str(path))])
    if not number:
        raise DataError([describe("rows", "an empty table", "export the file again", str(path))])


def unreadable(path: Path, expected: str, error: BaseException) -> DataError:
    """The problem that a file is damaged. A library's own words could show content: only their kind is told."""
    got = f"{type(error).__name__} while it was read"
    return DataError([describe(expected, got, "check that the file is whole, or write it again", str(path))])


def _batches(source: pa.NativeFile) -> Iterator[pa.RecordBatch]:
    try:
        reader = pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        yield from pa.ipc.open_stream(source)
        return
    for i in range(reader.num_record_batches):
        yield reader.get_batch(i)


def _check_names(names: list[str], path: Path) -> None:
    if repeated := dict.fromkeys(name for name in names if names.count(name) > 1):
        got = f"{names_text(repeated)} more than once"
        raise DataError([describe("each column name once", got, "rename or remove the repeats", str(path))])


def _plain_rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | None]:
    """Rows as plain values, None for one that has no plain form."""
    try:
        rows = batch.to_pylist()
    except UnicodeDecodeError:
        rows = [_one(batch, i) for i in range(len(batch))]
    for row in rows:
        try:
            yield None if row is None else plain_value(row)
        except ValueError:
            yield None


def _one(batch: pa.RecordBatch, index: int) -> dict[str, Any] | None:
    try:
        return batch.slice(index, 1).to_pylist()[0]
    except UnicodeDecodeError:
        return None
