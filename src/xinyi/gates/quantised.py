"""The rule about what the int8 format of a bundle costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from xinyi.gates.base import ON_VALUE, Decision, Evidence, Rule
from xinyi.gates.lookup import Interval, Unusable, mapping, number
from xinyi.gates.outcome import FAIL, PASS, Outcome


@dataclass(frozen=True, kw_only=True)
class Int8Loss(Rule):
    """int8 loses at most `maximum` of each task's primary metric against the trained model, on validation rows.

    By the loss as measured (on `value`), or by the high end of its interval (`high`). A bundle whose record says that
    int8 was left out passes: nothing that is served loses. No record: fail.
    """

    name: ClassVar[str] = "int8_loss"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"on": (ON_VALUE, "high")}
    maximum: float
    on: str = ON_VALUE
    split: str = "validation"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"int8 loses at most {self.maximum:g} ({self.on})"

    def check(self, evidence: Evidence) -> list[Outcome]:
        """One outcome a task, or one for a bundle without int8."""
        try:
            record = mapping(mapping(evidence.parity, "the export's parity record").get("int8"), "parity.int8")
        except Unusable as error:
            return [self.failure("*", str(error))]
        if record.get("kept") is False:
            got, why = "no int8 in the bundle", str(record.get("why", "left out"))
            return [self.outcome("*", "loss", Decision(PASS, self.expectation(), got, why))]
        return super().check(evidence)

    def _decide(self, evidence: Evidence, task: str) -> tuple[str, Decision]:
        tasks = mapping(mapping(evidence.parity, "parity")["int8"].get("tasks"), "parity.int8.tasks")
        record = mapping(tasks.get(task), f"parity.int8.tasks.{task}")
        found = _loss(record, task)
        limit = found.value if self.on == ON_VALUE else found.high
        answer = PASS if limit <= self.maximum else FAIL
        changed = number(record.get("changed"), f"changed rows of {task}")
        why = f"{changed:g} of {found.n} answers changed"
        return str(record.get("metric", "loss")), Decision(answer, self.expectation(), str(found), why)


def _loss(record: Mapping[str, Any], task: str) -> Interval:
    """The loss with its interval; raises Unusable when it was not measured or contradicts itself."""
    value, low, high, n = (number(record.get(key), f"{key} of int8, {task}") for key in ("loss", "low", "high", "n"))
    if n < 1 or not low <= value <= high:
        raise Unusable(f"the loss of int8 for {task} and its interval contradict each other")
    return Interval(value, low, high, int(n))
