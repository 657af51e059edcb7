"""The allow-list: findings that somebody has looked at and accepts, for a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from xinyi.data.checks.finding import Measured
from xinyi.errors import describe

_FIELDS = ("check", "split", "task", "label", "upto", "until", "reason")


@dataclass(frozen=True)
class Allowance:
    """Accepts findings of a check (and, where given, of a split, task and label) up to a value and a day, inclusive."""

    check: str
    until: date
    reason: str
    split: str = ""
    task: str = ""
    label: str = ""
    upto: float | None = None

    def fits(self, check: str, measured: Measured, least: bool) -> bool:
        """Whether it speaks of this number, whatever the day."""
        wanted = ((self.split, measured.split), (self.task, measured.task), (self.label, measured.label))
        if self.check != check or any(asked and asked != has for asked, has in wanted):
            return False
        return self.upto is None or (measured.value >= self.upto if least else measured.value <= self.upto)


def parse_allowances(raw: Sequence[Mapping[str, Any]]) -> list[Allowance]:
    """The entries of the configuration, which `allowance_problems` has found in order."""
    return [
        Allowance(
            check=str(entry["check"]),
            until=_day(entry["until"]),  # type: ignore[arg-type]
            reason=str(entry["reason"]),
            **{name: str(entry[name]) for name in ("split", "task", "label") if entry.get(name)},
            upto=None if entry.get("upto") is None else float(entry["upto"]),
        )
        for entry in raw
    ]


def allowance_problems(raw: Sequence[Mapping[str, Any]], known: Sequence[str]) -> Iterator[str]:
    """What is wrong with the entries; each must say what, why and until when."""
    for number, entry in enumerate(raw):
        where = f"checks.allow[{number}]"
        if strays := [str(key) for key in entry if key not in _FIELDS]:
            yield describe(f"keys among {', '.join(_FIELDS)}", ", ".join(strays), "remove them", where)
        if entry.get("check") not in known:
            yield describe("the name of a check", repr(entry.get("check")), f"use one of {', '.join(known)}", where)
        if _day(entry.get("until")) is None:
            yield describe("until: a day such as 2027-01-31", repr(entry.get("until")), "say when it expires", where)
        if not entry.get("reason"):
            yield describe("a reason", "none", "say why this is accepted", where)
        upto = entry.get("upto")
        if upto is not None and (isinstance(upto, bool) or not isinstance(upto, int | float)):
            yield describe("upto: a number", repr(upto), "correct it", where)


def _day(value: Any) -> date | None:
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        return None
