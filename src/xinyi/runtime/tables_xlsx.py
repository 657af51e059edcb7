"""xlsx in and out with openpyxl: the first sheet, its first row as header, row by row."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xinyi.errors import DataError, describe
from xinyi.runtime.tables import Row, missing_package, surplus

# The format's own limit, header included.
MOST_ROWS = 1_048_576
# What XML 1.0 cannot hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ModuleNotFoundError as error:
        raise missing_package("openpyxl", "xlsx") from error
    return openpyxl


class SheetTable:
    """See Table."""

    marked = False
    schema = None

    def __init__(self, source: Path) -> None:
        openpyxl = _openpyxl()
        self.name = str(source)
        try:
            self._book = openpyxl.load_workbook(source, read_only=True, data_only=True)
            sheet = self._book.worksheets[0]
            self._cells = sheet.iter_rows(values_only=True)
            first = next(self._cells, ())
        except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile, SyntaxError) as error:
            raise DataError([describe("an xlsx file", error, "save it again as xlsx", str(source))]) from error
        self.header = ["" if name is None else str(name) for name in first]
        while self.header and not self.header[-1]:
            self.header.pop()
        self._read, self._rows = 0, (sheet.max_row or 1) - 1

    def share(self) -> float | None:
        """See Table."""
        return min(1.0, self._read / self._rows) if self._rows > 0 else None

    def close(self) -> None:
        """See Table."""
        self._book.close()

    def __iter__(self) -> Iterator[Row]:
        """See Table. Rows with nothing in them are left out, as in csv."""
        for cells in self._cells:
            if all(cell is None for cell in cells):
                continue
            self._read += 1
            own = [*cells, *[None] * (len(self.header) - len(cells))]
            while len(own) > len(self.header) and own[-1] is None:
                own.pop()
            stray = own[len(self.header) :]
            error = f"cells beyond the {len(self.header)} columns{surplus(stray)}" if stray else None
            values = dict(zip(self.header, own, strict=False))
            size = sum(len(cell) for cell in own if isinstance(cell, str))
            yield Row(self._read, values, size, error=error)


class SheetWriter:
    """Rows into a sheet; written when closed."""

    def __init__(self, path: Path, header: list[str]) -> None:
        self._path, self._header, self._count = path, header, 1
        openpyxl = _openpyxl()
        self._book, self._made = openpyxl.Workbook(write_only=True), openpyxl.cell.WriteOnlyCell
        self._sheet = self._book.create_sheet("xinyi")
        self._sheet.append([self._cell(name) for name in header])

    def write(self, values: dict[str, Any]) -> None:
        """Add a row. Raises DataError when the sheet is full."""
        self._count += 1
        if self._count > MOST_ROWS:
            found = f"more than {MOST_ROWS - 1:,} rows"
            raise DataError([describe("an output that xlsx can hold", found, "write csv or parquet", "output")])
        self._sheet.append([self._cell(values.get(name)) for name in self._header])

    def close(self) -> None:
        """Write the file."""
        self._book.save(self._path)

    def _cell(self, value: Any) -> Any:
        """A cell; text that begins as a formula, or is called as an error, stays text."""
        value = _plain(value)
        if not isinstance(value, str):
            return value
        cell = self._made(self._sheet, value)
        cell.data_type = "s"
        return cell


def _plain(value: Any) -> Any:
    """A value as a sheet can hold it."""
    if getattr(value, "tzinfo", None) is not None:
        return value.isoformat()  # a sheet knows no time zones
    if isinstance(value, list):
        value = "|".join("" if part is None else str(part) for part in value)
    if not isinstance(value, str):
        plain = value is None or isinstance(value, bool | int | float) or hasattr(value, "isoformat")
        return value if plain else str(value)
    return _ILLEGAL.sub("", value)
