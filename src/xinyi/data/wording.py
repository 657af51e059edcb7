"""Words for error messages: row numbers, near misses, values. Never a customer's text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence

from xinyi.text import mask

SHOWN = 5
# Most characters that are shown of a word in a file, and of one in the settings or among a task's labels.
_LONGEST_FOUND, _LONGEST_KNOWN = 12, 24
# No message looks like this: `customer_feedback`.
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def rows_text(rows: Sequence[int], unit: str = "row") -> str:
    """`rows 3, 8, 9 and 12 more`: the first few row numbers and how many there are."""
    shown = ", ".join(map(str, rows[:SHOWN]))
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return f"{unit}{'s' if len(rows) > 1 else ''} {shown}{more}"


def nearest(value: str, known: Iterable[str]) -> str:
    """`did you mean 'x'? ` or an empty text. What is shown resembles `value`, which may be a setting's word."""
    close = difflib.get_close_matches(value, list(known), n=1, cutoff=0.6)
    return f"did you mean {mask(close[0])!r}? " if close else ""


def value_text(value: str) -> str:
    """A cell or a column's name for a message: masked, and only when it is as short as a name.

    In a file without a header the first row gives the names, and a wrong column gives texts for labels.
    """
    return _short(value, _LONGEST_KNOWN if _IDENTIFIER.fullmatch(value) else _LONGEST_FOUND)


def is_shown(value: str) -> bool:
    """Whether `value_text` shows the value as it is."""
    return value_text(value) == repr(value)


def names_text(names: Iterable[str], most: int = 20) -> str:
    """Names that a file holds, the first 20 of them, each as `value_text` shows it."""
    return _listed(list(names), most, value_text)


def known_text(names: Iterable[str], most: int = 20) -> str:
    """Names that the settings or a task's labels hold, the first 20 of them, masked, up to 24 characters long."""
    return _listed(list(names), most, lambda name: _short(name, _LONGEST_KNOWN))


def _listed(names: Sequence[str], most: int, shown: Callable[[str], str]) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(shown, names[:most])) + more if names else "none"


def _short(name: str, longest: int) -> str:
    masked = mask(name)
    return repr(masked) if len(masked) <= longest else f"(one of {len(name)} characters)"
