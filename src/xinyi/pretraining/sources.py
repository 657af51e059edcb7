"""Raw text: txt files with one passage a line, or one column of any table that the data room reads; compressed too."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path

from xinyi.data.read import FORMATS, read_rows
from xinyi.data.read.facts import Facts
from xinyi.data.read.lines import Lines
from xinyi.data.read.stream import data_suffix
from xinyi.data.wording import rows_text
from xinyi.errors import DataError, describe

TEXT = ".txt"


def resolve(patterns: Sequence[str]) -> list[Path]:
    """The files that paths and globs name, each once, in order of their names.

    Raises:
        DataError: a pattern names no file, a file is neither text nor table, or two files would have one source name.
    """
    found: dict[Path, None] = {}
    problems = []
    for pattern in patterns:
        paths = [Path(path) for path in sorted(glob.glob(pattern, recursive=True))]
        if not paths:
            problems.append(describe("a text file", "none", "check the path or glob", pattern))
        found |= dict.fromkeys(path for path in paths if path.is_file())
    names: dict[str, Path] = {}
    for path in found:
        if data_suffix(path) not in (TEXT, *FORMATS):
            expected, remedy = f"a name that ends in {', '.join((TEXT, *FORMATS))}", "convert or rename the file"
            problems.append(describe(expected, data_suffix(path) or "no ending", remedy, str(path)))
        if name(path) in names:
            remedy = "rename one: weights and curves go by that name"
            problems.append(describe("one file a source name", f"{names[name(path)]} as well", remedy, str(path)))
        names[name(path)] = path
    if problems:
        raise DataError(problems)
    return sorted(found, key=name)


def name(path: Path) -> str:
    """The source's name: the file's name up to its first dot."""
    return path.name.split(".", 1)[0]


def passages(path: Path, column: str) -> Iterator[str]:
    """The passages of a file that are not blank, one at a time.

    Args:
        column: of a table; rows in which it is empty are passed over.

    Raises:
        DataError: after the last passage, with everything that is wrong with the file; use none of them then.
    """
    texts = _lines(path) if data_suffix(path) == TEXT else _cells(path, column)
    return (text for text in texts if text.strip())


def _lines(path: Path) -> Iterator[str]:
    lines = Lines(path, Facts(), pieces=True)
    yield from lines
    if problems := lines.problems:
        raise DataError(problems)


def _cells(path: Path, column: str) -> Iterator[str]:
    wrong: list[int] = []
    for number, row in read_rows(path):
        text = row.get(column, 0)
        if isinstance(text, str):
            yield text
        elif text is not None:
            wrong.append(number)
    if wrong:
        remedy = "give the text column's name with data.column="
        got = f"none in {len(wrong)} row(s): {rows_text(wrong, 'row')}"
        raise DataError([describe(f"a text in column {column!r}", got, remedy, str(path))])
