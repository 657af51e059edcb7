"""Which columns of a file are read, and what the new ones are called."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any

from xinyi.errors import DataError, describe
from xinyi.runtime.tables import ERROR, Row
from xinyi.text import mask

# Put before the new names where the input has columns of these names already.
AWAY = "predicted."
# Characters of a column's name that messages show.
_LONGEST = 12


@dataclass(frozen=True)
class Columns:
    """Where the texts stand and what is added.

    multi: tasks that give several labels a row. abstaining: those that leave answers to a person. typed: cells have
    types, so that a spreadsheet may have made a number of a text.
    """

    text: str
    context: str | None
    tasks: tuple[str, ...]
    multi: frozenset[str]
    abstaining: frozenset[str]
    probabilities: bool
    typed: bool = False

    @property
    def plain(self) -> list[tuple[str, str]]:
        """(name, kind of value) of each new column, without a prefix; the error stands last."""
        found = []
        for task in self.tasks:
            many = "s" if task in self.multi else ""
            found.append((task, f"text{many}"))
            if self.probabilities:
                found.append((f"{task}.probability", f"number{many}"))
            if task in self.abstaining:
                found.append((f"{task}.abstained", "flag"))
        return [*found, (ERROR, "text")]

    def named(self, prefix: str) -> list[tuple[str, str]]:
        """The same with a prefix before each name."""
        return [(prefix + name, what) for name, what in self.plain]

    def prefix_for(self, taken: Collection[str], wanted: str | None) -> str:
        """The prefix asked for, or the shortest of "" and `predicted.` that gives no name twice.

        Raises:
            DataError: the input has columns of these names.
        """
        for prefix in ("", AWAY) if wanted is None else (wanted,):
            clash = [name for name, _ in self.named(prefix) if name in taken]
            if not clash:
                return prefix
        remedy = "choose other names by a prefix (--prefix new.)"
        raise DataError([describe("new columns that the input does not have", f"{clash} in both", remedy)])


def check_columns(header: Sequence[str] | None, piece: Sequence[Row], columns: Columns) -> None:
    """Raise DataError when the wanted columns are not there (jsonl: in none of the first rows) or not once."""
    found = list(header) if header is not None else list(dict.fromkeys(name for row in piece for name in row.values))
    problems = []
    for option, name in (("text column", columns.text), ("context column", columns.context)):
        if name is None or (name in found and found.count(name) == 1) or not (found or header is not None):
            continue
        close = get_close_matches(name, found, n=1, cutoff=0.5)
        guess = f"did you mean {shown(close)[0]!r}?" if close and close[0] != name else None
        remedy = guess or "name one of them; has the file a header?"
        got = f"columns {shown(found)}" if name not in found else f"it {found.count(name)} times in {shown(found)}"
        problems.append(describe(f"{option} {name!r}, once", got, remedy))
    if problems:
        raise DataError(problems, "the input cannot be classified")


def shown(names: Sequence[str]) -> list[str]:
    """Column names for a message: in a file without a header they are its first row, a customer's words among them."""
    return [name if len(name) <= _LONGEST else name[:_LONGEST] + "…" for name in map(mask, names)]


def text_of(values: dict[str, Any], columns: Columns) -> Any:
    """What stands in the text column; a typed cell's number as text, as in training."""
    text = values.get(columns.text)
    if columns.typed and isinstance(text, int | float) and not isinstance(text, bool) and isfinite(text):
        return str(int(text)) if float(text).is_integer() else str(text)
    return text


def row_error(values: dict[str, Any], columns: Columns) -> str | None:
    """Why this row has no usable text."""
    text = text_of(values, columns)
    if text is None:
        return f"column {columns.text!r} is missing"
    if not isinstance(text, str):
        return f"column {columns.text!r} is no text but {type(text).__name__}"
    if not text.strip():
        return f"column {columns.text!r} is empty"
    context = values.get(columns.context) if columns.context else None
    parts = context if isinstance(context, list) else [] if context is None else [context]
    if not all(isinstance(part, str) for part in parts):
        return f"column {columns.context!r} is no text but {type(context).__name__}"
    return None


def turns(context: Any) -> str | None:
    """A context as one text: a list of turns is joined by blanks, as in training."""
    return " ".join(context) if isinstance(context, list) else context
