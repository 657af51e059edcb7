"""Rows of csv, tsv and jsonl files, one at a time, with the standard library only."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from xinyi.errors import DataError, describe

STREAM = "-"
DELIMITERS = {".csv": ",", ".tsv": "\t"}
ERROR = "error"
# A quote that never closes swallows the rest of a file: this bounds how much is read before that is noticed.
LONGEST = 10_000_000
BOM = b"\xef\xbb\xbf"


@dataclass
class Row:
    """One row: what was read (`values` by name, for csv `cells` in order) and what is added to it."""

    number: int
    values: dict[str, Any]
    size: int
    cells: list[str] | None = None
    error: str | None = None
    added: dict[str, Any] = field(default_factory=dict)


class Table(Iterator[Row]):
    """An open input: iterate for rows.

    header: column names of a csv, None for jsonl. marked: the file begins with a byte order mark, which
    spreadsheet programs want to see again.
    """

    def __init__(self, source: Path | str) -> None:
        self.name = "stdin" if str(source) == STREAM else str(source)
        self.delimiter = DELIMITERS.get(suffix(source))
        file = sys.stdin.buffer if self.name == "stdin" else _open(Path(source))
        self.bytes = 0 if self.name == "stdin" else Path(source).stat().st_size
        self.marked = bool(self.bytes) and file.peek(3)[:3] == BOM
        self.number = 0
        self.text = TextIOWrapper(file, encoding="utf-8-sig", newline="" if self.delimiter else "\n")
        self.header: list[str] | None = None
        self._rows: Iterator[Row] = self._json_rows()
        if self.delimiter:
            csv.field_size_limit(LONGEST)
            self._cells = csv.reader(self.text, delimiter=self.delimiter, strict=True)
            self._rows = self._csv_rows()
            self.header = self._guarded(self._cells) or []

    def share(self) -> float | None:
        """How much of the file was read, 0 to 1; None on stdin."""
        return self.text.buffer.tell() / self.bytes if self.bytes else None

    def close(self) -> None:
        """Let go of the file, but leave stdin open."""
        if self.name == "stdin":
            self.text.detach()
        else:
            self.text.close()

    def __next__(self) -> Row:
        row = self._guarded(self._rows)
        if row is None:
            raise StopIteration
        return row

    def _guarded(self, source: Iterator[Any]) -> Any:
        """The next item, or None at the end. Raises DataError for bytes or quotes that cannot be read."""
        where = f"{self.name} after row {self.number}"
        try:
            return next(source, None)
        except UnicodeDecodeError as error:
            remedy = "convert the file, for example with iconv -f GB18030 -t UTF-8"
            raise DataError([describe("UTF-8", "other bytes", remedy, where)]) from error
        except csv.Error as error:
            remedy = 'close each quote, and write a quote inside a quoted cell twice ("")'
            raise DataError([describe("a readable csv", error, remedy, where)]) from error

    def _csv_rows(self) -> Iterator[Row]:
        header = self.header or []
        for cells in self._cells:
            if not cells:
                continue
            self.number += 1
            gap = len(cells) - len(header)
            error = f"{len(cells)} cells under {len(header)} columns" if gap else None
            cells += [""] * -gap
            size = sum(map(len, cells))
            yield Row(self.number, dict(zip(header, cells, strict=False)), size, cells[: len(header)], error)

    def _json_rows(self) -> Iterator[Row]:
        while line := self.text.readline(LONGEST):
            if len(line) == LONGEST:
                where = f"{self.name} after row {self.number}"
                raise DataError([describe(f"lines under {LONGEST} characters", "a longer one", "split it", where)])
            if not line.strip():
                continue
            self.number += 1
            try:
                values = json.loads(line)
            except (ValueError, RecursionError):
                values = None
            error = None if isinstance(values, dict) else "line is no JSON object"
            yield Row(self.number, {"line": line.rstrip("\r\n")} if error else values, len(line), error=error)


@contextmanager
def open_input(source: Path | str) -> Iterator[Table]:
    """A table to read. Raises DataError when it cannot be opened or its header cannot be read."""
    table = Table(source)
    try:
        yield table
    finally:
        table.close()


def suffix(path: Path | str) -> str:
    """`.csv`, `.tsv` or `.jsonl`; a stream is jsonl."""
    return ".jsonl" if str(path) == STREAM else Path(path).suffix.lower()


def _open(path: Path) -> Any:
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError([describe("a readable file", type(error).__name__, "check the path", str(path))]) from error
