"""What a check measures, and what becomes of it beside its limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xinyi.data.checks.material import Material

SEVERITIES = ("info", "warning", "error")


@dataclass(frozen=True)
class Example:
    """Texts that show a finding (one, or a pair), as they stand in the table, and a note such as their labels."""

    texts: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Measured:
    """One number of a check. count: rows or labels it speaks of. Empty split, task or label: all of them."""

    value: float
    message: str
    split: str = ""
    task: str = ""
    label: str = ""
    count: int = 0
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Check:
    """One question asked of the data.

    severity, limit: unless the configuration says otherwise. measure: what is found, for a material and the limit.
    remedy: what to do about it. least: the limit is the least that is in order, not the most. slow: trains linear
    models; not part of `xinyi train` unless asked for. needs_train: it looks at the training rows, or compares with
    them, and is not asked where there are none.
    """

    name: str
    title: str
    severity: str
    limit: float
    remedy: str
    measure: Callable[[Material, float], Iterable[Measured]]
    least: bool = False
    slow: bool = False
    needs_train: bool = False

    def is_over(self, value: float, limit: float) -> bool:
        """Whether a value is on the wrong side of the limit; what is not a number is."""
        return not (value >= limit if self.least else value <= limit)


@dataclass(frozen=True)
class Finding:
    """A measured number, judged. allowed: the reason of the allow-list's entry that accepts it."""

    check: str
    severity: str
    limit: float
    measured: Measured
    over: bool
    allowed: str = ""

    @property
    def counts(self) -> bool:
        """Over the limit and accepted by nobody."""
        return self.over and not self.allowed

    def to_dict(self) -> dict[str, Any]:
        """For data.json: never a text."""
        m = self.measured
        return {
            "check": self.check,
            "severity": self.severity,
            "value": round(float(m.value), 6),
            "limit": self.limit,
            "over": self.over,
            "allowed": self.allowed or None,
            "message": m.message,
            **{name: value for name in ("split", "task", "label") if (value := getattr(m, name))},
            **({"count": int(m.count)} if m.count else {}),
        }
