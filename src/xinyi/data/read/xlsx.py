"""Excel workbooks (xlsx, ECMA-376): the first sheet, row by row."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from xinyi.data.read.facts import Facts
from xinyi.data.read.xlsx_parts import Workbook, tag
from xinyi.data.wording import names_text, rows_text
from xinyi.errors import DataError, describe

_DAMAGED = (
    zipfile.BadZipFile, zlib.error, ElementTree.ParseError, EOFError, OSError, LookupError, ValueError, RuntimeError,
    NotImplementedError, OverflowError,
)  # fmt: skip
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_FURTHEST = 16_384  # columns of a sheet


def read_xlsx(path: Path, facts: Facts) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (row number as Excel shows it, {column: value}); the first row with cells is the header.

    Numbers are numbers, dates are text in ISO 8601, cells with an error (#N/A) are null. Rows without cells are none.

    Raises:
        DataError: no workbook, damaged, names twice in the header; after the last row: cells outside the header.
    """
    header: dict[int, str] | None = None
    outside: list[int] = []
    with _guarded(path), zipfile.ZipFile(path) as archive:
        for number, cells in _rows(Workbook(archive)):
            filled = {column: value for column, value in cells.items() if value not in (None, "")}
            if not filled:
                continue
            if header is None:
                header = {column: str(value).strip() for column, value in filled.items()}
                _check_header(list(header.values()), path)
            elif set(filled) - set(header):
                outside.append(number)
            else:
                yield number, {name: cells.get(column) for column, name in header.items()}
    if outside:
        remedy = "give these columns a name in the first row, or clear the cells"
        raise DataError([describe("cells under a column name only", rows_text(outside), remedy, str(path))])
    if header is None:
        raise DataError([describe("rows", "an empty sheet", "put the table on the first sheet", str(path))])


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except _DAMAGED as error:
        got = f"{type(error).__name__} while it was read"
        remedy = "save it again as .xlsx (not .xls, not protected by a password), or as .csv"
        raise DataError([describe("an Excel workbook", got, remedy, str(path))]) from error


def _check_header(names: list[str], path: Path) -> None:
    if repeated := dict.fromkeys(name for name in names if names.count(name) > 1):
        got = f"{names_text(repeated)} more than once"
        raise DataError([describe("each column name once", got, "rename or remove the repeats", str(path))])


def _rows(workbook: Workbook) -> Iterator[tuple[int, dict[int, Any]]]:
    """(row number, {column from 0: value}) in the order of the sheet."""
    number = 0
    with workbook.open_sheet() as sheet:
        parents: list[ElementTree.Element] = []
        for event, element in ElementTree.iterparse(sheet, ("start", "end")):
            if event == "start":
                parents.append(element)
                continue
            parents.pop()
            if tag(element) == "row":
                previous, number = number, int(element.get("r", number + 1))
                if number <= previous:
                    raise ValueError("rows out of order")
                yield number, dict(_cells(element, workbook))
                # Without this, every row of the sheet would stay in memory.
                parents[-1].remove(element)


def _cells(row: ElementTree.Element, workbook: Workbook) -> Iterator[tuple[int, Any]]:
    column = -1
    for cell in row:
        if tag(cell) != "c":
            continue
        column = _column(cell.get("r"), column + 1)
        yield column, workbook.value(cell)


def _column(place: str | None, following: int) -> int:
    """Column from 0 of a reference such as `AB12`."""
    if place is None:
        return following
    match = _PLACE.fullmatch(place)
    if match is None:
        raise ValueError("a cell's place")
    column = 0
    for letter in match.group(1):
        column = column * 26 + ord(letter) - ord("A") + 1
    if not following < column <= _FURTHEST:
        raise ValueError("cells out of order")
    return column - 1
