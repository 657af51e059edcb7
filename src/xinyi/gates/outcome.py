"""What a rule answers, and the decisions that several rules share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

PASS, FAIL, UNDECIDED = "pass", "fail", "undecided"


@dataclass(frozen=True)
class Outcome:
    """One rule's answer for one task and metric.

    expected, got: as people read them; why: what tipped it. part: the slice or test that it is about. Of a number with
    an interval that is undecided: detectable: the smallest difference that these rows can show with a chance of 80 %;
    more_rows: labelled rows still wanted (null: no affordable number). p: of a comparison, after Holm's correction.
    """

    rule: str
    task: str
    split: str
    metric: str
    answer: str
    expected: str
    got: str
    why: str
    part: str = ""
    detectable: float | None = None
    more_rows: int | None = None
    p: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain primitives, as they stand in gate.json."""
        return asdict(self)


def at_least(low: float, high: float, limit: float) -> str:
    """An interval against a least value: pass when all of it reaches the limit, fail when none does, else undecided.

    The boundary passes: low == limit is a pass.
    """
    if low >= limit:
        return PASS
    return FAIL if high < limit else UNDECIDED


def at_most(low: float, high: float, limit: float) -> str:
    """An interval against a most value; the boundary passes."""
    if high <= limit:
        return PASS
    return FAIL if low > limit else UNDECIDED


REASONS = {
    PASS: "the whole interval is within the limit",
    FAIL: "the whole interval is beyond the limit",
    UNDECIDED: "the limit lies inside the interval",
}
