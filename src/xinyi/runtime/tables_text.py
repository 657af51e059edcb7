"""csv, tsv and jsonl in: the standard library's readers, gone on behind what they stop at."""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from pathlib import Path

from xinyi.errors import DataError, describe
from xinyi.runtime.streams import BROKEN, STREAM, Source, kind
from xinyi.runtime.tables import DELIMITERS, Row, surplus
from xinyi.text.encodings import HANDLER, UNDECODED, UTF8, Encoding, detect

# A quote that never closes swallows the rest of a file: this bounds how much is read before that is noticed.
LONGEST = 10_000_000
_QUOTES = "quotes that do not match"
# A stream is read once, so its encoding is not looked for; a byte order mark is left out.
_STREAMED = Encoding("utf-8-sig", UTF8.name)

Line = tuple[str, bool]
"""A line, and whether it held bytes that the encoding does not have, which then read as U+FFFD."""


class TextTable:
    """csv, tsv or jsonl; see Table. A row that cannot be read as it stands says so in its error."""

    schema = None

    def __init__(self, source: Path | str) -> None:
        self._source = Source(source)
        self.name, self.number = self._source.name, 0
        delimiter = DELIMITERS.get(kind(source)[0])
        with self._guarded():
            self.encoding = _STREAMED if str(source) == STREAM else detect(lambda: _opened(source))
        self.marked = self.encoding not in (UTF8, _STREAMED)
        newline = "" if delimiter else "\n"
        self._text = TextIOWrapper(self._source.file, self.encoding.codec, HANDLER, newline)
        self.header: list[str] | None = None
        self._rows: Iterator[Row] = self._json_rows()
        if delimiter:
            csv.field_size_limit(LONGEST)
            records = _records(self._lines(), delimiter)
            with self._guarded():
                self.header = self._header(next(records, ([], [])))
            self._rows = self._csv_rows(self.header, records)

    def share(self) -> float | None:
        """See Table."""
        return self._source.share()

    def close(self) -> None:
        """See Table."""
        self._text.detach()
        self._source.close()

    def __iter__(self) -> Iterator[Row]:
        """See Table."""
        while True:
            with self._guarded():
                row = next(self._rows, None)
            if row is None:
                return
            yield row

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Raises DataError where the file is damaged or cut."""
        try:
            yield
        except BROKEN as error:
            raise self._unusable("a file that can be read to its end", error, "pack or copy it again") from error

    def _unusable(self, expected: str, got: object, remedy: str) -> DataError:
        return DataError([describe(expected, got, remedy, f"{self.name} after row {self.number}")])

    def _lines(self) -> Iterator[Line]:
        while line := self._text.readline(LONGEST):
            if len(line) == LONGEST:
                raise self._unusable(f"lines under {LONGEST} characters", "a longer one", "split it")
            bad = not line.isascii() and UNDECODED.search(line) is not None
            yield (UNDECODED.sub("\ufffd", line) if bad else line), bad

    def _undecoded(self) -> str:
        return f"bytes that are no {self.encoding.name}"

    def _header(self, record: tuple[list[str], list[str]]) -> list[str]:
        cells, problems = record
        if problems:
            got = ", ".join(text or self._undecoded() for text in problems)
            raise self._unusable("a header that can be read", got, "mend it, or save the file again as UTF-8")
        return cells

    def _csv_rows(self, header: list[str], records: Iterator[tuple[list[str], list[str]]]) -> Iterator[Row]:
        width = len(header)
        for cells, problems in records:
            if not cells:
                continue
            self.number += 1
            errors = [text or self._undecoded() for text in problems]
            if len(cells) != width:
                errors.append(f"{len(cells)} cells under {width} columns{surplus(cells[width:])}")
            size = sum(map(len, cells))
            cells = [*cells[:width], *[""] * (width - len(cells))]
            values = dict(zip(header, cells, strict=True))
            yield Row(self.number, values, size, cells, "; ".join(errors) or None)

    def _json_rows(self) -> Iterator[Row]:
        for line, bad in self._lines():
            if not line.strip():
                continue
            self.number += 1
            try:
                values = json.loads(line)
            except (ValueError, RecursionError):
                values = None
            whole = isinstance(values, dict)
            errors = [self._undecoded()] * bad + ["line is no JSON object"] * (not whole)
            content = values if whole else {"line": line.rstrip("\r\n")}
            yield Row(self.number, content, len(line), error="; ".join(errors) or None)


@contextmanager
def _opened(path: Path | str) -> Iterator[BufferedReader]:
    source = Source(path)
    try:
        yield source.file
    finally:
        source.close()


def _records(lines: Iterator[Line], delimiter: str) -> Iterator[tuple[list[str], list[str]]]:
    """(cells, problems) of each record; the problem of bytes is "", which the caller has the words for.

    Where quotes do not match, only the line on which the record begins is taken out of it, its cells with their
    quotes as they stand. What follows is read anew: an opened quote swallows good rows.
    """
    again: deque[Line] = deque()
    taken: list[Line] = []

    def fed() -> Iterator[str]:
        while line := again.popleft() if again else next(lines, None):
            taken.append(line)
            yield line[0]

    reader = csv.reader(fed(), delimiter=delimiter, strict=True)
    while True:
        taken.clear()
        try:
            cells, problems = next(reader), []
        except StopIteration:
            return
        except csv.Error:
            again.extendleft(reversed(taken[1:]))
            del taken[1:]
            plain = csv.reader([taken[0][0].rstrip("\r\n")], delimiter=delimiter, quoting=csv.QUOTE_NONE)
            cells, problems = next(plain, []), [_QUOTES]
            reader = csv.reader(fed(), delimiter=delimiter, strict=True)
        yield cells, problems + [""] * any(bad for _, bad in taken)
