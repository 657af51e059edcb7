"""A file's first reading: its labels, and checks of everything that can be seen without preparing texts.

Texts are not kept. They are read a second time when everything is in order, so that millions need no memory.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xinyi.data.cells import as_text
from xinyi.data.read import Facts, Origin, read_rows
from xinyi.data.settings import SourceSettings
from xinyi.data.wording import names_text, nearest, rows_text
from xinyi.errors import DataError, describe

MOST_EMPTY_SHARE, MOST_EMPTY = 0.01, 100
_HEADER = "has the file a header? "
_NUMBER = re.compile(r"\s*[-+]?[.,]?\d[\d.,]*(?:[eE][-+]?\d+)?%?\s*")
# Only JSON tells an empty text from none, and a number from its digits.
_TELLING = (".json", ".jsonl", ".ndjson")


@dataclass
class RawFile:
    """What the first reading of a file found. labels: task → each row's cell."""

    path: Origin
    name: str
    split: str
    source: SourceSettings
    facts: Facts = field(default_factory=Facts)
    rows: array[int] = field(default_factory=lambda: array("q"))
    labels: dict[str, list[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def records(self, facts: Facts | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows as they stand in the file, with the source's constants and the text as text. Raises DataError."""
        constants, text = self.source.constants, self.source.text
        telling = isinstance(self.path, Path) and any(s in _TELLING for s in map(str.lower, self.path.suffixes))
        for number, row in read_rows(self.path, facts):
            if constants:
                self._check_constants(row)
                row = {**row, **constants}
            if not telling and text in row:
                row[text] = _typed(row[text])
            yield number, row

    def _check_constants(self, row: dict[str, Any]) -> None:
        if taken := [name for name in self.source.constants if name in row]:
            remedy = "remove it from data.constants, or name it otherwise"
            problem = describe(
                "constants beside the file's columns", f"its column {taken[0]!r}", remedy, str(self.path)
            )
            raise DataError([problem])


def read_file(path: Origin, split: str, source: SourceSettings, tasks: Iterable[str]) -> RawFile:
    """Read one file and check its columns and texts.

    Args:
        tasks: the tasks whose label columns (`source.labels`) are wanted.

    Raises:
        DataError: with everything that is wrong with the file.
    """
    raw = RawFile(path, _name(path, source.root), split, source)
    wanted = {task: source.labels[task] for task in tasks if task in source.labels}
    raw.labels = {task: [] for task in wanted}
    texts, seen, same = _TextChecks(raw), {}, {}
    for number, row in raw.records(raw.facts):
        seen.update(dict.fromkeys(row))
        raw.rows.append(number)
        texts.add(number, row)
        for task, column in wanted.items():
            cell = row.get(column)
            # One object for each label, not one for each row.
            raw.labels[task].append(same.setdefault(cell, cell) if isinstance(cell, str) else cell)
    if problems := list(_problems(raw, seen, wanted, texts)):
        raise DataError(problems)
    return raw


class _TextChecks:
    """Numbers of the rows whose text or context cannot be used."""

    def __init__(self, raw: RawFile) -> None:
        self.raw, self.source = raw, raw.source
        self.odd: list[int] = []
        self.kinds: set[str] = set()
        self.empty: list[int] = []
        self.contexts: list[int] = []
        self.filled, self.numbers = 0, 0

    def add(self, number: int, row: dict[str, Any]) -> None:
        """Look at one row."""
        text = row.get(self.source.text)
        if not isinstance(text, str):
            self.odd.append(number)
            self.kinds.add(_kind(text))
        elif not text.strip():
            self.empty.append(number)
        else:
            self.filled += 1
            # Only a column of nothing but numbers is a mistake: one text tells.
            self.numbers += self.numbers == self.filled - 1 and bool(_NUMBER.fullmatch(text))
        if self.source.context and not _is_context(row.get(self.source.context)):
            self.contexts.append(number)

    def text_problems(self) -> Iterator[str]:
        """What is wrong with the text column."""
        where, column = str(self.raw.path), self.source.text
        remedy = f"check that {column!r} is the column with the texts (data.text)"
        expected = "text in the text column"
        if self.odd:
            got = f"{' and '.join(sorted(self.kinds))} in {len(self.odd)} row(s): {rows_text(self.odd)}"
            yield describe(expected, got, f"{remedy}; write numbers that customers typed as strings", where)
            return
        if self.filled and self.numbers == self.filled:
            yield describe(expected, f"numbers in the text column, in all {self.filled} rows", remedy, where)
        if problem := empty_problem(self.raw, self.empty, len(self.raw)):
            yield problem

    def context_problems(self) -> Iterator[str]:
        """What is wrong with the context column."""
        if self.contexts:
            got = f"something else in {len(self.contexts)} row(s): {rows_text(self.contexts)}"
            remedy = f"check column {self.source.context!r} (data.context)"
            yield describe("a context that is a text or a list of texts", got, remedy, str(self.raw.path))


def empty_problem(raw: RawFile, empty: Sequence[int], of: int) -> str | None:
    """The problem that too many texts of a file are empty, or None: a few may be left out (and are reported)."""
    if len(empty) <= min(MOST_EMPTY, MOST_EMPTY_SHARE * of):
        return None
    expected = f"at most {MOST_EMPTY_SHARE:.0%} empty texts, and no more than {MOST_EMPTY}"
    got = f"{len(empty)} of {of}: {rows_text(empty)}"
    remedy = f"remove these rows, or check that {raw.source.text!r} is the column with the texts (data.text)"
    return describe(expected, got, remedy, str(raw.path))


def _name(path: Origin, root: str | None) -> str:
    if not isinstance(path, Path):
        return str(path) if path.folder is None else _name(path.folder, root)
    base = Path(root or ".").expanduser().resolve()
    resolved = path.resolve()
    return resolved.relative_to(base).as_posix() if resolved.is_relative_to(base) else path.name


def _problems(raw: RawFile, seen: Iterable[str], labels: dict[str, str], texts: _TextChecks) -> Iterator[str]:
    if not raw.rows:
        yield describe("rows", "a header only", "export the file again", str(raw.path))
        return
    yield from _column_problems(raw, seen, labels)
    if raw.source.text in seen:
        yield from texts.text_problems()
    yield from texts.context_problems()


def _column_problems(raw: RawFile, seen: Iterable[str], labels: dict[str, str]) -> Iterator[str]:
    source = raw.source
    named = [("data.text", source.text), ("data.context", source.context), ("data.group", source.group)]
    named += [(f"data.labels.{task}", column) for task, column in labels.items()]
    named += [("data.meta", name) for name in source.meta]
    for key, column in named:
        if column is not None and column not in seen:
            got = f"columns {names_text(seen)}"
            remedy = f"{nearest(column, seen) or _HEADER}set {key} to one of them"
            yield describe(f"a column {column!r} ({key})", got, remedy, str(raw.path))
    for task, column in labels.items():
        if column == source.text:
            remedy = f"set data.text or data.labels.{task} to another column"
            yield describe("different columns for text and labels", f"{column!r} for both", remedy, str(raw.path))


def _typed(value: Any) -> Any:
    """A text cell of a table: an empty cell is an empty text, and a spreadsheet makes a number of a typed 666."""
    if value is None:
        return ""
    return as_text(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _is_context(context: Any) -> bool:
    if isinstance(context, list):
        return all(isinstance(turn, str) for turn in context)
    return context is None or isinstance(context, str)


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "numbers", float: "numbers", list: "lists", dict: "objects"}
    return names.get(type(value), "nothing")
