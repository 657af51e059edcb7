"""Write classified rows: beside the target first, renamed when complete."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from xinyi.errors import DataError, describe
from xinyi.runtime.tables import DELIMITERS, ERROR, STREAM, Row, Table, suffix

FORMATS = (*DELIMITERS, ".jsonl")


def check_paths(source: Path | str, target: Path | str) -> None:
    """Raise DataError when the input is not there, the output would destroy it, or a format is unknown."""
    problems = []
    for what, path in (("input", source), ("output", target)):
        if suffix(path) not in FORMATS:
            problems.append(describe(f"a name ending in {', '.join(FORMATS)}", path, "convert or rename it", what))
    if suffix(source) == ".jsonl" and suffix(target) in DELIMITERS:
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
def open_output(target: Path | str, table: Table, added: list[str]) -> Iterator[Callable[[Row], None]]:
    """A function that writes a row; the target appears when the block ends without an error.

    Raises:
        DataError: the disk is full or the folder may not be written.
    """
    path = Path(target)
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
    stream = str(target) == STREAM
    encoding = "utf-8-sig" if table.marked and suffix(target) in DELIMITERS else "utf-8"
    try:
        file = sys.stdout.buffer if stream else part.open("wb")
        try:
            yield _writer(file, suffix(target), table, added, encoding)
            file.flush()
        finally:
            if not stream:
                file.close()
        if not stream:
            os.replace(part, path)
    except OSError as error:
        problem = describe("room and permission to write", error.strerror, "free some, or choose another", str(target))
        raise DataError([problem], "nothing was written") from error
    finally:
        if not stream:
            part.unlink(missing_ok=True)


def _writer(file: IO[bytes], kind: str, table: Table, added: list[str], encoding: str) -> Callable[[Row], None]:
    if kind == ".jsonl":
        return lambda row: _write_json(file, row, added) and None
    lines = _Encoder(file, encoding)
    cells = csv.writer(lines, delimiter=DELIMITERS[kind], lineterminator="\n")
    cells.writerow([*(table.header or []), *added])
    return lambda row: cells.writerow([*(row.cells or []), *(_cell(row, name) for name in added)]) and None


class _Encoder:
    """What csv.writer writes to: text in, bytes out."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self.file, self.encoding = file, encoding

    def write(self, text: str) -> int:
        encoded = text.encode(self.encoding)
        self.encoding = "utf-8"  # the byte order mark belongs to the first line only
        return self.file.write(encoded)


def _cell(row: Row, name: str) -> str:
    value = row.error if name == ERROR else row.added.get(name)
    parts = value if isinstance(value, list) else [value]
    return "|".join("" if part is None else f"{part:.6f}" if isinstance(part, float) else str(part) for part in parts)


def _write_json(file: IO[bytes], row: Row, added: list[str]) -> int:
    new: dict[str, Any] = {name: row.added.get(name) for name in added if name != ERROR}
    content = {**row.values, **new, **({ERROR: row.error} if row.error else {})}
    try:
        line = json.dumps(content, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair can only be written as an escape
        line = json.dumps(content).encode("ascii")
    return file.write(line + b"\n")
