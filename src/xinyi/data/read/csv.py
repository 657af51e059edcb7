"""Comma (csv) and tab (tsv) separated values, RFC 4180: a header, quoted cells may hold line ends."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from xinyi.data.read.facts import Facts
from xinyi.data.read.lines import LONGEST, Lines
from xinyi.data.wording import names_text, rows_text
from xinyi.errors import DataError, describe

_QUOTES = 'put texts with quotes, separators or line ends between " and write a " inside them twice'


@dataclass
class _Found:
    """Numbers of the lines on which broken rows begin."""

    quotes: list[int] = field(default_factory=list)
    short: list[int] = field(default_factory=list)
    long: list[int] = field(default_factory=list)

    def problems(self, path: Path, width: int) -> Iterator[str]:
        """A line for each kind of broken row, with the numbers of the first of them."""
        where = str(path)
        if self.quotes:
            got = f"broken or unclosed quotes in the row that begins on {rows_text(self.quotes, 'line')}"
            yield describe("cells with matching quotes", got, _QUOTES, where)
        for name, rows in (("fewer", self.short), ("more", self.long)):
            if rows:
                got = f"{name} in {len(rows)} row(s), which begin on {rows_text(rows, 'line')}"
                yield describe(f"{width} cells in each row, as in the header", got, _QUOTES, where)


def read_csv(path: Path, facts: Facts, delimiter: str = ",") -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (number of the line on which the row begins, {column: cell}); the header is line 1, blank lines no rows.

    Raises:
        DataError: after the last row, or after a header with duplicate names.
    """
    # Python's default of 131,072 characters is less than a long call transcript.
    csv.field_size_limit(LONGEST)
    lines, found = Lines(path, facts, newline=""), _Found()
    header: list[str] | None = None
    unusable: list[str] = []
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    for number, cells in _records(reader, found):
        if not cells:
            continue
        if header is None:
            header = [name.strip() for name in cells]
            unusable = list(_header_problems(header, path, delimiter))
        elif unusable:
            break
        elif len(cells) == len(header):
            yield number, dict(zip(header, cells, strict=True))
        else:
            (found.short if len(cells) < len(header) else found.long).append(number)
    if problems := lines.problems or [*unusable, *found.problems(path, len(header or ()))]:
        raise DataError(problems)


read_tsv = partial(read_csv, delimiter="\t")


def _records(reader: Any, found: _Found) -> Iterator[tuple[int, list[str]]]:
    """The records with their first line; after a broken one, reading goes on so that all are found."""
    while True:
        first = reader.line_num + 1
        try:
            yield first, next(reader)
        except StopIteration:
            return
        except csv.Error:
            found.quotes.append(first)


def _header_problems(names: list[str], path: Path, delimiter: str) -> Iterator[str]:
    if repeated := dict.fromkeys(name for name in names if names.count(name) > 1):
        got = f"{names_text(repeated)} more than once"
        yield describe("each column name once", got, "rename or remove the repeats", str(path))
    others = [sign for sign in ",;\t|" if sign != delimiter and len(names) == 1 and sign in names[0]]
    if others:
        remedy = "save it as .csv with commas or as .tsv with tabs"
        yield describe(
            f"columns separated by {delimiter!r}", f"one column, with {others[0]!r} in its name", remedy, str(path)
        )
