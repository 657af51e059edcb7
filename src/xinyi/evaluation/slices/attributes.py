"""What a row can be sliced by: its metadata, and what its text shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from xinyi.evaluation.slices.writing import emoji, length, personal_data, script
from xinyi.text import mask
from xinyi.text.dates import DATE

if TYPE_CHECKING:
    from xinyi.evaluation.predictions import Predictions

Values = list[str | None]
# A column with more values than this, or than half its rows, is no slice but a name or a number. What is rare is
# gathered.
MOST_VALUES = 40
SHOWN_VALUES = 15
OTHERS = "others"
# Kept for other ends: which rows hang together, and which texts no label fits.
NOT_SLICED = ("id", "conversation_id", "data.group", "turn")
OUTSIDE = "outside."
NEAR = "near_duplicate_in_training"
_HOUR = re.compile(r"[T\s]*(\d{1,2})[:：时点]")
_YES = {"1", "true", "yes", "y", "是"}

OF_TEXT: dict[str, Callable[[str], str]] = {
    "length": length,
    "script": script,
    "emoji": emoji,
    "personal_data": personal_data,
}


def split_slices(found: Predictions) -> dict[str, Values]:
    """The attributes of all rows of a split, labelled or not."""
    return attributes(found.texts, found.contexts, found.meta)


def attributes(texts: Sequence[str], contexts: Sequence[str], meta: Mapping[str, Values]) -> dict[str, Values]:
    """Slice name → each row's value (None: the row has none). Only attributes with at least two values.

    Metadata columns first, in their order: dates give month and part of the day, `near_duplicate_in_training` gives
    yes or no, of others the most frequent values are kept. Then length, script, emoji, personal data and context.
    """
    found: dict[str, Values] = {}
    for name, values in meta.items():
        if name not in NOT_SLICED and not name.endswith("_id") and not name.startswith(OUTSIDE):
            found |= _column(name, values)
    found |= {name: [read(text) for text in texts] for name, read in OF_TEXT.items()}
    if any(contexts):
        found["context"] = ["with" if context else "without" for context in contexts]
    return {name: values for name, values in found.items() if len(set(values) - {None}) > 1}


def _column(name: str, values: Values) -> dict[str, Values]:
    """A metadata column as slices; none when it names single rows or customers."""
    known = [value for value in values if value is not None]
    if name == NEAR:
        return {name: [None if v is None else "yes" if v.lower() in _YES else "no" for v in values]}
    if known and all(DATE.match(value) for value in known):
        return _times(name, values)
    if len(set(known)) > min(MOST_VALUES, max(2, len(known) / 2)):
        return {}
    masked = [None if value is None else mask(value) for value in values]
    kept = {value for value, _ in Counter(value for value in masked if value is not None).most_common(SHOWN_VALUES)}
    return {name: [value if value is None or value in kept else OTHERS for value in masked]}


def _times(name: str, values: Values) -> dict[str, Values]:
    """Month and, where the clock is known, part of the day."""
    read = [None if value is None else _when(value) for value in values]
    out = {f"{name}: month": [None if at is None else f"{at:%Y-%m}" for at, _ in (r or (None, False) for r in read)]}
    if any(clock for _, clock in filter(None, read)):
        out[f"{name}: part of day"] = [_part(r[0].hour) if r and r[0] and r[1] else None for r in read]
    return out


def _when(text: str) -> tuple[datetime | None, bool]:
    """The day and, where the clock is known, the hour; None for a date that does not exist."""
    date = DATE.match(text)
    clock = _HOUR.match(text, date.end()) if date else None
    parts = [*(date.groups() if date else ()), *(clock.groups() if clock else ())]
    try:
        return datetime(*map(int, parts)) if date else None, clock is not None
    except ValueError:
        return None, False


def _part(hour: int) -> str:
    return ("night", "morning", "afternoon", "evening")[hour // 6]
