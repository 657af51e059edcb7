"""Cells of binary formats as the values that JSON has."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def plain_value(value: Any) -> Any:
    """Dates and times in ISO 8601, decimals as text, NaN as nothing; lists and mappings likewise inside.

    Raises:
        ValueError: bytes that are not UTF-8, or a value of another kind.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        # Tables written by pandas hold NaN where a cell is empty.
        return None if value != value else value
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, Decimal | datetime.timedelta):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(inner) for inner in value]
    raise ValueError(f"a value of type {type(value).__name__}")
