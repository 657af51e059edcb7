"""Points in time as metadata holds them."""

from __future__ import annotations

import re
from datetime import datetime

import pyarrow as pa

from xinyi.text.dates import DATE

_NAME = re.compile(r"(.*_)?(time|date|datetime|timestamp|created|created_at|day)|时间|日期|.*时间", re.I)
_SEEN = 200


def time_columns(table: pa.Table) -> list[str]:
    """Metadata columns (`meta.<name>`) that are called like a time and hold nothing else in their first 200 values."""
    names = [name for name in table.column_names if name.startswith("meta.") and _NAME.fullmatch(name[5:])]
    return [name for name in names if _holds_times(table[name].drop_null().slice(0, _SEEN))]


def read_times(column: pa.ChunkedArray) -> list[float | None]:
    """Seconds since 1970 of each value; None for what is no time. Times without a zone are read as they stand."""
    return [read_time(value) for value in column.to_pylist()]


def read_time(value: str | None) -> float | None:
    """ISO 8601 (2026-08-01, 2026-08-01T12:30, with a zone), 2026/8/1 12:30, or seconds or milliseconds since 1970."""
    if value is None:
        return None
    if re.fullmatch(r"1\d{9}(\d{3})?", value):
        return int(value) / (1000 if len(value) == 13 else 1)
    match = DATE.match(value)
    if not match:
        return None
    rest = value[match.end() :].strip().removeprefix("T")
    hour = re.sub(r"^(\d):", r"0\1:", rest)
    text = f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}" + (f"T{hour}" if hour else "")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found - datetime(1970, 1, 1, tzinfo=found.tzinfo)).total_seconds() - _offset(found)


def _offset(moment: datetime) -> float:
    shift = moment.utcoffset()
    return shift.total_seconds() if shift else 0.0


def _holds_times(column: pa.ChunkedArray) -> bool:
    return len(column) > 0 and all(time is not None for time in read_times(column))
