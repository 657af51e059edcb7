"""JSON lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xinyi.data.read.facts import Facts
from xinyi.data.read.lines import Lines
from xinyi.data.wording import names_text, rows_text
from xinyi.errors import DataError, describe


def read_jsonl(path: Path, facts: Facts) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, object) of each line that is not blank.

    Raises:
        DataError: after the last line, with everything that is wrong with the file.
    """
    lines, broken, repeats = Lines(path, facts), [], Repeats()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=repeats.at(number), parse_constant=refuse_constant)
        except (ValueError, RecursionError):
            broken.append(number)
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            broken.append(number)
    if problems := lines.problems or [*_broken(path, broken), *repeats.problems(path)]:
        raise DataError(problems)


def _broken(path: Path, numbers: list[int]) -> Iterator[str]:
    if numbers:
        got = f"something else in {len(numbers)} line(s): {rows_text(numbers, 'line')}"
        remedy = (
            'write each row as one line such as {"text": "…", "label": "…"}, and name a file with one JSON array .json'
        )
        yield describe("a JSON object on each line", got, remedy, str(path))


class Repeats:
    """Keys that occur twice in one object, of which JSON readers silently keep the last."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.keys: dict[str, None] = {}
        self.number = 0

    def at(self, number: int) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
        """The object hook for the row of this number."""
        self.number = number
        return self.build

    def build(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """An object from its pairs."""
        row = dict(pairs)
        if len(row) < len(pairs):
            names = [key for key, _ in pairs]
            self.keys.update(dict.fromkeys(key for key in row if names.count(key) > 1))
            if self.rows[-1:] != [self.number]:
                self.rows.append(self.number)
        return row

    def problems(self, path: Path) -> Iterator[str]:
        """What was found, in words."""
        if self.rows:
            got = f"{names_text(self.keys)} more than once in {rows_text(self.rows, 'line')}"
            yield describe("each key once in an object", got, "rename or remove the repeats", str(path))


def refuse_constant(constant: str) -> Any:
    """NaN and infinities are not JSON."""
    raise ValueError(f"{constant} is not JSON")
