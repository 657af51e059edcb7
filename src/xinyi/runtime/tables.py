"""Rows of tables, one at a time: what every reader gives, and which reader a file has."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from xinyi.errors import DataError, describe
from xinyi.runtime.streams import kind

DELIMITERS = {".csv": ",", ".tsv": "\t"}
ERROR = "error"
# Whose cells have types.
TYPED = (".parquet", ".xlsx")


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

    header: column names in order; None for jsonl, whose rows need not share keys. marked: the file is in UTF-8 with a
    byte order mark, or in another encoding: csv made from it gets the mark, by which spreadsheet programs know UTF-8.
    schema: the columns' Arrow types, None elsewhere.
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


def surplus(cells: Sequence[Any]) -> str:
    """The end of an error that keeps the cells for which there is no column; "" without any."""
    return f"; the rest: {json.dumps(list(cells), ensure_ascii=False, default=str)}" if cells else ""


def _text(source: Path | str) -> Table:
    from xinyi.runtime.tables_text import TextTable

    return TextTable(source)


def _parquet(source: Path | str) -> Table:
    from xinyi.runtime.tables_parquet import ParquetTable

    return ParquetTable(Path(source))


def _xlsx(source: Path | str) -> Table:
    from xinyi.runtime.tables_xlsx import SheetTable

    return SheetTable(Path(source))


# What lies behind a name's ending. Parquet and xlsx need packages that the base does not bring.
READERS: dict[str, Callable[[Path | str], Table]] = {
    ".csv": _text,
    ".tsv": _text,
    ".jsonl": _text,
    ".ndjson": _text,
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


__all__ = ["DELIMITERS", "ERROR", "JSON_LINES", "READERS", "Row", "Table", "missing_package", "open_input", "surplus"]
