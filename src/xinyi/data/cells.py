"""Label cells: from what a file holds to label ids."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

# Noticed by themselves: in a column whose kind is unknown only signs that label names do not contain.
SEPARATORS = ("|", ";", "；")
SEPARATORS_OF_MULTI = (*SEPARATORS, "、", "，", ",")
# What a spreadsheet or pandas makes of whole numbers once a cell of their column is blank.
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,15})\.0+")
# Written one way by one person and another way by the next: in one column they mean the same.
_ALIKE = (";；", "、，,")


class BadCellError(ValueError):
    """A cell that cannot hold a label; the text says why and shows nothing of the cell."""


def as_text(value: Any) -> str:
    """A label as text: 5, 5.0, "5" and "5.0" are the same label; JSON's true is "true".

    Raises:
        BadCellError: an object, or a list inside a list.
    """
    if isinstance(value, str):
        # A lone surrogate (only JSON escapes can hold one) could not be stored.
        text = value.strip().encode("utf-8", "replace").decode("utf-8")
        return str(int(text.partition(".")[0])) if _WHOLE.fullmatch(text) else text
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (int, float)):
        return str(value)
    raise BadCellError("an object or a nested list")


def as_list(value: Any) -> list[Any] | None:
    """The list that a cell holds: JSON's own, or one written out in a csv cell; None when it holds none."""
    if isinstance(value, list):
        return value
    if isinstance(value, str) and value.strip()[:1] == "[" and value.strip()[-1:] == "]":
        for read in (json.loads, ast.literal_eval):  # JSON, and what pandas writes into a csv
            try:
                found = read(value.strip())
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
            return found if isinstance(found, list) else None
    return None


def is_value(cell: Any, value: str) -> bool:
    """Whether a cell holds this label and no other."""
    inside = as_list(cell)
    try:
        return as_text(cell if inside is None else inside[0] if len(inside) == 1 else cell) == as_text(value)
    except BadCellError:
        return False


def notice_separator(cells: Iterable[Any], candidates: Iterable[str]) -> str | None:
    """The first candidate that occurs in any cell."""
    texts = {cell for cell in cells if isinstance(cell, str) and as_list(cell) is None}
    return next((sign for sign in candidates if any(sign in text for text in texts)), None)


def any_of(sign: str | None, labels: Iterable[str] = ()) -> re.Pattern[str] | None:
    """A separator with the other ways of writing it, but for those that occur inside labels."""
    if sign is None:
        return None
    same = next((signs for signs in _ALIKE if sign in signs), sign)
    inside = set("".join(labels))
    return re.compile("|".join(re.escape(s) for s in same if s == sign or s not in inside))


def is_missing(value: Any) -> bool:
    """Null and blank cells lack the label."""
    return value is None or (isinstance(value, str) and not value.strip())


def parse_single(value: Any, mapping: Mapping[str, str]) -> str | None:
    """The label of a single or ordinal cell, None where the row lacks it. A list of one label counts as that label.

    Raises:
        BadCellError: several labels, or something that is no label.
    """
    if is_missing(value):
        return None
    listed = as_list(value)
    if listed is not None and len(listed) > 1:
        raise BadCellError("several labels where the task takes one")
    if listed is not None and (not listed or is_missing(listed[0])):
        return None
    text = as_text(listed[0] if listed else value)
    return mapping.get(text, text) or None


def parse_multi(
    value: Any, mapping: Mapping[str, str], separator: str | re.Pattern[str] | None, empty: str | None = None
) -> list[str] | None:
    """The labels of a multi cell without repeats, [] for none of them, None where the row lacks the label.

    empty: the id that stands for "none of the labels".

    Raises:
        BadCellError: something that is no label, or `empty` beside other labels.
    """
    if is_missing(value):
        return None
    parts = as_list(value)
    if parts is None:
        whole = as_text(value)
        mapped = mapping.get(whole)
        if mapped == "":
            return None
        whole = whole if mapped is None else mapped
        pattern = re.compile(re.escape(separator)) if isinstance(separator, str) else separator
        parts = pattern.split(whole) if separator and mapped is None else [whole]
    texts = [as_text(part) for part in parts if not is_missing(part)]
    labels = [label for label in dict.fromkeys(mapping.get(text, text) for text in texts) if label]
    if empty in labels:
        if len(labels) > 1:
            raise BadCellError(f"{empty!r}, which means none, beside other labels")
        return []
    return labels
