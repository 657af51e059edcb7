"""Rows of tables, one at a time: what every reader gives, and the readers of csv, tsv and jsonl (standard library)."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Protocol

from xinyi.errors import DataError, describe
from xinyi.runtime.streams import BROKEN, STREAM, Source, kind

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


class Table(Protocol):
    """An open input: iterate for rows.

    header: column names in order; None for jsonl, whose rows need not share keys. marked: the file begins with a
    byte order mark, which spreadsheet programs want to see again. schema: the columns' Arrow types, None elsewhere.
    """

    name: str
    header: list[str] | None
    marked: bool
    schema: Any

    def __iter__(self) -> Iterator[Row]:
        """The rows, once."""
        ...

    def share(self) -> float | None:
        """How much of the input was read, 0 to 1; None where that is unknown."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class TextTable:
    """csv, tsv or jsonl; see Table."""

    schema = None

    def __init__(self, source: Path | str) -> None:
        self._source = Source(source)
        self.name = self._source.name
        delimiter = DELIMITERS.get(kind(source)[0])
        self.number = 0
        self.marked = self.name != "stdin" and self._peeked(BOM)
        self.text = TextIOWrapper(self._source.file, encoding="utf-8-sig", newline="" if delimiter else "\n")
        self.header: list[str] | None = None
        self._rows: Iterator[Row] = self._json_rows()
        if delimiter:
            csv.field_size_limit(LONGEST)
            self._cells = csv.reader(self.text, delimiter=delimiter, strict=True)
            self._rows = self._csv_rows()
            self.header = self._guarded(self._cells) or []

    def share(self) -> float | None:
        """See Table."""
        return self._source.share()

    def close(self) -> None:
        """See Table."""
        self.text.detach()
        self._source.close()

    def __iter__(self) -> Iterator[Row]:
        """See Table."""
        while (row := self._guarded(self._rows)) is not None:
            yield row

    def _peeked(self, mark: bytes) -> bool:
        try:
            return self._source.file.peek(len(mark))[: len(mark)] == mark
        except BROKEN as error:
            raise self._broken(error) from error

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
        except BROKEN as error:
            raise self._broken(error) from error

    def _broken(self, error: BaseException) -> DataError:
        where = f"{self.name} after row {self.number}"
        return DataError([describe("a file that can be read to its end", error, "pack or copy it again", where)])

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


def _parquet(source: Path | str) -> Table:
    from xinyi.runtime.tables_parquet import ParquetTable

    return ParquetTable(Path(source))


def _xlsx(source: Path | str) -> Table:
    from xinyi.runtime.tables_xlsx import SheetTable

    return SheetTable(Path(source))


# What lies behind a name's ending. Parquet and xlsx need packages that the base does not bring.
READERS: dict[str, Callable[[Path | str], Table]] = {
    ".csv": TextTable,
    ".tsv": TextTable,
    ".jsonl": TextTable,
    ".ndjson": TextTable,
    ".parquet": _parquet,
    ".xlsx": _xlsx,
}
JSON_LINES = (".jsonl", ".ndjson")


@contextmanager
def open_input(source: Path | str) -> Iterator[Table]:
    """A table to read. Raises DataError when it cannot be opened or its header cannot be read."""
    table = READERS[kind(source)[0]](source)
    try:
        yield table
    finally:
        table.close()


def missing_package(name: str, kind: str) -> DataError:
    """The error of a format whose package is not installed."""
    return DataError([describe(f"the package {name}", "none", "pip install 'xinyi[tables]'", f"{kind} files")])


__all__ = ["BOM", "DELIMITERS", "ERROR", "JSON_LINES", "READERS", "STREAM", "Row", "Table", "TextTable", "open_input"]
