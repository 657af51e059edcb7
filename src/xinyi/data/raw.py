"""One file's columns as they stand in it, checked for everything that can be seen without preparing texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xinyi.data.read import read_rows
from xinyi.data.settings import SourceSettings
from xinyi.data.wording import names_text, nearest, rows_text
from xinyi.errors import DataError, describe

MOST_EMPTY_SHARE, MOST_EMPTY = 0.01, 100
_NUMBER = re.compile(r"\s*[-+]?[.,]?\d[\d.,]*(?:[eE][-+]?\d+)?%?\s*")


@dataclass
class RawFile:
    """The columns of a file that the settings name, in row order. `labels` and `meta` are keyed by task and name."""

    path: Path
    name: str
    split: str
    source: SourceSettings
    rows: list[int] = field(default_factory=list)
    texts: list[Any] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)
    groups: list[Any] = field(default_factory=list)
    labels: dict[str, list[Any]] = field(default_factory=dict)
    meta: dict[str, list[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)


def read_file(path: Path, split: str, source: SourceSettings, tasks: Iterable[str]) -> RawFile:
    """Read one file and check its columns and texts.

    Args:
        tasks: the tasks whose label columns (`source.labels`) are wanted.

    Raises:
        DataError: with everything that is wrong with the file.
    """
    raw = RawFile(path, _name(path, source.root), split, source)
    wanted = {task: source.labels[task] for task in tasks if task in source.labels}
    raw.labels, raw.meta = {task: [] for task in wanted}, {name: [] for name in source.meta}
    seen: dict[str, None] = {}
    for number, row in read_rows(path):
        seen.update(dict.fromkeys(row))
        raw.rows.append(number)
        raw.texts.append(row.get(source.text))
        raw.contexts.append(row.get(source.context) if source.context else None)
        raw.groups.append(row.get(source.group) if source.group else None)
        for task, column in wanted.items():
            raw.labels[task].append(row.get(column))
        for name, cells in raw.meta.items():
            cells.append(row.get(name))
    if problems := list(_problems(raw, seen, wanted)):
        raise DataError(problems)
    return raw


def empty_problem(raw: RawFile, empty: Sequence[int], of: int) -> str | None:
    """The problem that too many texts of a file are empty, or None: a few may be left out (and are reported)."""
    if len(empty) <= min(MOST_EMPTY, MOST_EMPTY_SHARE * of):
        return None
    expected = f"at most {MOST_EMPTY_SHARE:.0%} empty texts, and no more than {MOST_EMPTY}"
    got = f"{len(empty)} of {of}: {rows_text(empty)}"
    remedy = f"remove these rows, or check that {raw.source.text!r} is the column with the texts (data.text)"
    return describe(expected, got, remedy, str(raw.path))


def _name(path: Path, root: str | None) -> str:
    base = Path(root or ".").expanduser().resolve()
    resolved = path.resolve()
    return resolved.relative_to(base).as_posix() if resolved.is_relative_to(base) else path.name


def _problems(raw: RawFile, seen: Iterable[str], labels: dict[str, str]) -> Iterator[str]:
    if not raw.rows:
        yield describe("rows", "a header only", "export the file again", str(raw.path))
        return
    yield from _column_problems(raw, seen, labels)
    if raw.source.text in seen:
        yield from _text_problems(raw)
    yield from _context_problems(raw)


def _column_problems(raw: RawFile, seen: Iterable[str], labels: dict[str, str]) -> Iterator[str]:
    source = raw.source
    named = [("data.text", source.text), ("data.context", source.context), ("data.group", source.group)]
    named += [(f"data.labels.{task}", column) for task, column in labels.items()]
    named += [("data.meta", name) for name in source.meta]
    for key, column in named:
        if column is not None and column not in seen:
            got = f"columns {names_text(seen)}"
            remedy = f"{nearest(column, seen)}set {key} to one of them"
            yield describe(f"a column {column!r} ({key})", got, remedy, str(raw.path))
    for task, column in labels.items():
        if column == source.text:
            remedy = f"set data.text or data.labels.{task} to another column"
            yield describe("different columns for text and labels", f"{column!r} for both", remedy, str(raw.path))


def _text_problems(raw: RawFile) -> Iterator[str]:
    where, column = str(raw.path), raw.source.text
    remedy = f"check that {column!r} is the column with the texts (data.text)"
    odd = [row for row, text in zip(raw.rows, raw.texts, strict=True) if not isinstance(text, str)]
    if odd:
        kinds = sorted({_kind(text) for text in raw.texts if not isinstance(text, str)})
        got = f"{' and '.join(kinds)} in {len(odd)} row(s): {rows_text(odd)}"
        yield describe(
            "text in the text column", got, f"{remedy}; write numbers that customers typed as strings", where
        )
        return
    filled = [text for text in raw.texts if text.strip()]
    if filled and all(map(_NUMBER.fullmatch, filled)):
        yield describe(
            "text in the text column", f"numbers in the text column, in all {len(filled)} rows", remedy, where
        )
    empty = [row for row, text in zip(raw.rows, raw.texts, strict=True) if not text.strip()]
    if problem := empty_problem(raw, empty, len(raw)):
        yield problem


def _context_problems(raw: RawFile) -> Iterator[str]:
    odd = [row for row, context in zip(raw.rows, raw.contexts, strict=True) if not _is_context(context)]
    if odd:
        got = f"something else in {len(odd)} row(s): {rows_text(odd)}"
        remedy = f"check column {raw.source.context!r} (data.context)"
        yield describe("a context that is a text or a list of texts", got, remedy, str(raw.path))


def _is_context(context: Any) -> bool:
    if isinstance(context, list):
        return all(isinstance(turn, str) for turn in context)
    return context is None or isinstance(context, str)


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "numbers", float: "numbers", list: "lists", dict: "objects"}
    return names.get(type(value), "nothing")
