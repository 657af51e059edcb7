"""Words for error messages: row numbers, near misses, values. Never a customer's text."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

SHOWN = 5
LONGEST_SHOWN = 24


def rows_text(rows: Sequence[int], unit: str = "row") -> str:
    """`rows 3, 8, 9 and 12 more`: the first few row numbers and how many there are."""
    shown = ", ".join(map(str, rows[:SHOWN]))
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return f"{unit}{'s' if len(rows) > 1 else ''} {shown}{more}"


def nearest(value: str, known: Iterable[str]) -> str:
    """`did you mean 'x'? ` or an empty text."""
    close = difflib.get_close_matches(value, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}? " if close else ""


def value_text(value: str) -> str:
    """A label or column name as it may be shown: a long one could be a customer's text in the wrong place."""
    return repr(value) if len(value) <= LONGEST_SHOWN else f"(one of {len(value)} characters)"


def names_text(names: Iterable[str], most: int = 20) -> str:
    """Names, the first 20 of them."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(value_text, names[:most])) + more if names else "none"
