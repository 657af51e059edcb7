"""Write rows: beside the target first, renamed when complete."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Protocol
from uuid import uuid4

from xinyi.errors import DataError, describe
from xinyi.runtime.columns import AWAY, shown
from xinyi.runtime.streams import COMPRESSIONS, STREAM, kind, packed
from xinyi.runtime.tables import DELIMITERS, ERROR, JSON_LINES, READERS, Row, Table
from xinyi.runtime.tables_text import TextTable

# What a table's cell says for none of a task's labels: read as labels, a blank one means that the row was not labelled.
NONE_OF_THEM = "[]"


class RowWriter(Protocol):
    """Takes rows; nothing is complete before it is closed."""

    def write(self, row: Row) -> None:
        """Add a row."""
        ...

    def close(self) -> None:
        """Write what waits."""
        ...


def check_paths(source: Path | str, target: Path | str) -> None:
    """Raise DataError when the input is not there, the output would destroy it, or a format is unknown."""
    problems = []
    for what, path in (("input", source), ("output", target)):
        if kind(path)[0] not in READERS or (kind(path)[1] and kind(path)[0] in (".parquet", ".xlsx")):
            known = f"{', '.join(READERS)} (the text formats also with {', '.join(COMPRESSIONS)})"
            problems.append(describe(f"a name ending in {known}", path, "convert or rename it", what))
    if kind(source)[0] in JSON_LINES and kind(target)[0] not in JSON_LINES:
        remedy = "name the output .jsonl"
        problems.append(describe("jsonl out of jsonl, whose rows need not share columns", target, remedy, "output"))
    if str(source) != STREAM and not Path(source).is_file():
        got = "a folder" if Path(source).is_dir() else "no such file"
        problems.append(describe("a file", got, "check the path", f"input {source}"))
    if str(target) != STREAM:
        problems += _target_problems(source, Path(target))
    if problems:
        raise DataError(problems, "the file cannot be classified")


def _target_problems(source: Path | str, target: Path) -> Iterator[str]:
    if target.is_dir():
        yield describe("a file", "a folder", "name a file in it", f"output {target}")
    elif not target.parent.is_dir():
        yield describe("a folder that exists", target.parent, "make it first", "output")
    elif not os.access(target.parent, os.W_OK):
        yield describe("a folder that may be written", target.parent, "choose another", "output")
    elif str(source) != STREAM and target.exists() and Path(source).exists() and target.samefile(source):
        yield describe("another file than the input", target, "choose another name", "output")


@contextmanager
def open_output(
    target: Path | str, table: Table, added: Sequence[tuple[str, str]] = ()
) -> Iterator[Callable[[Row], None]]:
    """A function that writes a row; the target appears when the block ends without an error.

    Args:
        target: a file, or - for jsonl on standard output.
        table: the input, whose columns and types are kept.
        added: (name, `text`, `texts`, `number`, `numbers` or `flag`) of each new column.

    Raises:
        DataError: the disk is full, the folder may not be written, a sheet is full.
    """
    path = Path(target)
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
    stream = str(target) == STREAM
    try:
        writer = _writer(sys.stdout.buffer if stream else part, target, table, added)
        try:
            yield writer.write
        except BaseException:
            _abandon(writer)
            raise
        writer.close()
        if not stream:
            os.replace(part, path)
    except OSError as error:
        problem = describe("room and permission to write", error.strerror, "free some, or choose another", str(target))
        raise DataError([problem], "nothing was written") from error
    finally:
        if not stream:
            part.unlink(missing_ok=True)


def _abandon(writer: RowWriter) -> None:
    """Let go of a file that will be removed; the error that ended the block is the one to report."""
    with suppress(Exception):
        writer.close()


def _writer(place: Any, target: Path | str, table: Table, added: Sequence[tuple[str, str]]) -> RowWriter:
    form, packing = kind(target)
    _check_names(table, form)
    if form in (".parquet", ".xlsx"):
        return _Typed(place, form, table, added)
    file = packed(place, packing) if isinstance(place, Path) else place
    if form in JSON_LINES:
        return _Lines(file, added, owned=isinstance(place, Path))
    return _Cells(file, form, table, added, owned=isinstance(place, Path))


def _check_names(table: Table, form: str) -> None:
    """Raise DataError where columns of one name would become one: everywhere but from csv to csv."""
    header = table.header or []
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice and not (form in DELIMITERS and isinstance(table, TextTable)):
        remedy = "rename them" if not isinstance(table, TextTable) else "rename them, or write csv"
        raise DataError([describe("each column once", shown(twice), remedy, "output")])


class _Lines:
    """jsonl: the keys of each row and the new ones; `error` only where there is one."""

    def __init__(self, file: IO[bytes], added: Sequence[tuple[str, str]], owned: bool) -> None:
        self._file, self._owned = file, owned
        self._added = [name for name, _ in added]
        # The last new key is there only where there is something to say.
        self._error = self._added.pop() if self._added else ERROR

    def write(self, row: Row) -> None:
        """See RowWriter."""
        new = {name: row.added.get(name) for name in self._added}
        new |= {self._error: row.added[self._error]} if self._error in row.added else {}
        # On a stream a late row may bring a key of such a name: it keeps it.
        content = {**row.values, **{AWAY + name if name in row.values else name: new[name] for name in new}}
        try:
            line = json.dumps(content, ensure_ascii=False, default=str).encode("utf-8")
        except UnicodeEncodeError:  # half a surrogate pair can only be written as an escape
            line = json.dumps(content, default=str).encode("ascii")
        self._file.write(line + b"\n")

    def close(self) -> None:
        """See RowWriter."""
        self._file.flush()
        if self._owned:
            self._file.close()


class _Cells:
    """csv and tsv: the cells as they came, then the new ones."""

    def __init__(self, file: IO[bytes], form: str, table: Table, added: Sequence[tuple[str, str]], owned: bool) -> None:
        self._file, self._owned = file, owned
        self._header, self._added = table.header or [], dict(added)
        lines = _Encoder(file, "utf-8-sig" if table.marked else "utf-8")
        self._cells = csv.writer(lines, delimiter=DELIMITERS[form], lineterminator="\r\n")
        self._cells.writerow([*self._header, *self._added])

    def write(self, row: Row) -> None:
        """See RowWriter."""
        own = row.cells if row.cells is not None else [_cell(row.values.get(name)) for name in self._header]
        new = _answers(row, self._added)
        self._cells.writerow([*own, *(_cell(new.get(name)) for name in self._added)])

    def close(self) -> None:
        """See RowWriter."""
        self._file.flush()
        if self._owned:
            self._file.close()


class _Encoder:
    """What csv.writer writes to: text in, bytes out, lines ended by a line feed.

    The writer quotes cells that hold a character of its line end: it has to know of both, or a lone carriage return
    would part a row.
    """

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self.file, self.encoding = file, encoding

    def write(self, text: str) -> int:
        # A lone surrogate, as a parquet or xlsx file may hold, has no bytes in UTF-8.
        encoded = (text.removesuffix("\r\n") + "\n").encode(self.encoding, errors="replace")
        self.encoding = "utf-8"  # the byte order mark belongs to the first line only
        return self.file.write(encoded)


def _answers(row: Row, kinds: Mapping[str, str]) -> dict[str, Any]:
    """A row's new values for a table without lists; kinds: `text`, `texts`, … of each new column."""
    none = {name: NONE_OF_THEM for name, value in row.added.items() if value == [] and kinds.get(name) == "texts"}
    return {**row.added, **none}


def _cell(value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    return "|".join("" if part is None else f"{part:.6f}" if isinstance(part, float) else str(part) for part in parts)


class _Typed:
    """parquet and xlsx, which need packages of their own."""

    def __init__(self, path: Path, form: str, table: Table, added: Sequence[tuple[str, str]]) -> None:
        header = table.header or []
        if form == ".parquet":
            from xinyi.runtime.tables_parquet import ParquetWriter

            self._writer: Any = ParquetWriter(path, table.schema, header, list(added))
        else:
            from xinyi.runtime.tables_xlsx import SheetWriter

            self._writer = SheetWriter(path, [*header, *(name for name, _ in added)])
        self._lists, self._added = form == ".parquet", dict(added)
        # A schema of the input's keeps types; without one every column is text.
        self._plain = form == ".parquet" and table.schema is None

    def write(self, row: Row) -> None:
        """See RowWriter."""
        values = {name: _text(value) for name, value in row.values.items()} if self._plain else row.values
        self._writer.write({**values, **(row.added if self._lists else _answers(row, self._added))})

    def close(self) -> None:
        """See RowWriter."""
        self._writer.close()


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)
