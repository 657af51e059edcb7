"""The rules: one frozen dataclass each. A missing, null, NaN or impossible number is always a failure, never a pass.

Every limit is inclusive: a number exactly on it passes. `task="*"` means every task of the report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from xinyi.gates.lookup import (
    Interval,
    Unusable,
    entry_of,
    higher_is_better,
    interval_of,
    mapping,
    metric_name,
    number,
    tasks_of,
)
from xinyi.gates.outcome import FAIL, PASS, REASONS, UNDECIDED, Outcome, at_least, at_most

ON_VALUE = "value"


@dataclass(frozen=True)
class Evidence:
    """What rules look at. champion: the report of the model in use; parity: the export's record; None = not given."""

    report: Mapping[str, Any]
    champion: Mapping[str, Any] | None = None
    parity: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Decision:
    """What a check found, before it is put into an Outcome."""

    answer: str
    expected: str
    got: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule has. name: its key in RULES. choices: allowed values of a field."""

    name: ClassVar[str] = ""
    choices: ClassVar[dict[str, tuple[str, ...]]] = {}
    task: str = "*"
    split: str = "test"

    def check(self, evidence: Evidence) -> list[Outcome]:
        """One outcome a task; what cannot be looked up becomes a failure that names it."""
        try:
            tasks = tasks_of(evidence.report, self.task)
        except Unusable as found:
            return [self._failure("*", str(found))]
        if not tasks:
            return [self._failure("*", "the report has no task")]
        return [self._checked(task, self._decide, evidence) for task in tasks]

    def _checked(
        self, task: str, decide: Callable[[Evidence, str], tuple[str, Decision]], evidence: Evidence
    ) -> Outcome:
        try:
            metric, found = decide(evidence, task)
        except Unusable as error:
            return self._failure(task, str(error))
        return Outcome(self.name, task, self.split, metric, found.answer, found.expected, found.got, found.why)

    def _failure(self, task: str, why: str) -> Outcome:
        metric = getattr(self, "metric", self.name)
        return Outcome(self.name, task, self.split, metric, FAIL, self.expectation(), "nothing usable", why)

    def expectation(self, metric: str | None = None) -> str:
        """What the rule wants, as people read it; `metric` where `primary` has been looked up."""
        raise NotImplementedError

    def _decide(self, evidence: Evidence, task: str) -> tuple[str, Decision]:
        """The metric looked at and the decision for one task; raises Unusable."""
        raise NotImplementedError


def _weigh(found: Interval, limit: float, on: str, decide: Callable[[float, float, float], str]) -> tuple[str, str]:
    """Answer and reason for an interval against a limit; on `value` the interval is left out."""
    if on == ON_VALUE:
        answer = decide(found.value, found.value, limit)
        return answer, f"the value is {'within' if answer == PASS else 'beyond'} the limit"
    answer = decide(found.low, found.high, limit)
    return answer, REASONS[answer]


@dataclass(frozen=True, kw_only=True)
class Floor(Rule):
    """A metric that is better when higher reaches `minimum`: by the interval's low end, or by the value."""

    name: ClassVar[str] = "floor"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"on": ("low", ON_VALUE)}
    metric: str
    minimum: float
    on: str = "low"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"{metric or self.metric} ({self.on}) >= {self.minimum:g}"

    def _decide(self, evidence: Evidence, task: str) -> tuple[str, Decision]:
        metric = metric_name(evidence.report, task, self.metric)
        if not higher_is_better(metric):
            raise Unusable(f"{metric} is better when lower: use the rule ceiling")
        found = interval_of(entry_of(evidence.report, task, self.split), metric)
        answer, why = _weigh(found, self.minimum, self.on, at_least)
        return metric, Decision(answer, self.expectation(metric), str(found), why)


@dataclass(frozen=True, kw_only=True)
class Ceiling(Rule):
    """A metric that is better when lower stays at or under `maximum`: by the interval's high end, or by the value."""

    name: ClassVar[str] = "ceiling"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"on": ("high", ON_VALUE)}
    metric: str
    maximum: float
    on: str = "high"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"{metric or self.metric} ({self.on}) <= {self.maximum:g}"

    def _decide(self, evidence: Evidence, task: str) -> tuple[str, Decision]:
        metric = metric_name(evidence.report, task, self.metric)
        if higher_is_better(metric):
            raise Unusable(f"{metric} is better when higher: use the rule floor")
        found = interval_of(entry_of(evidence.report, task, self.split), metric)
        answer, why = _weigh(found, self.maximum, self.on, at_most)
        return metric, Decision(answer, self.expectation(metric), str(found), why)


@dataclass(frozen=True, kw_only=True)
class BeatsBaseline(Rule):
    """Better than a constant answer by `margin`: pass when the whole interval is beyond baseline and margin,
    fail when none of it is beyond the baseline, else undecided. Here the boundary does not pass: equal is not better.
    """

    name: ClassVar[str] = "beats_baseline"
    metric: str = "primary"
    margin: float = 0.0

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"{metric or self.metric} better than a constant answer by more than {self.margin:g}"

    def _decide(self, evidence: Evidence, task: str) -> tuple[str, Decision]:
        metric = metric_name(evidence.report, task, self.metric)
        entry = entry_of(evidence.report, task, self.split)
        found = interval_of(entry, metric)
        bar = number(mapping(entry.get("baseline"), "baseline").get(metric), f"baseline of {metric}")
        # Turned round, a metric that is better when lower obeys the same two comparisons.
        sign = 1.0 if higher_is_better(metric) else -1.0
        worst, best = sorted((sign * found.low, sign * found.high))
        if worst > sign * bar + self.margin:
            answer, why = PASS, "the whole interval is better than the constant answer"
        elif best <= sign * bar:
            answer, why = FAIL, "no part of the interval is better than the constant answer"
        else:
            answer, why = UNDECIDED, "the bar lies inside the interval: more labelled rows would decide"
        return metric, Decision(answer, self.expectation(metric), f"{found} against {bar:.4f}", why)


@dataclass(frozen=True, kw_only=True)
class WorstLabelRecall(Rule):
    """Every label with at least `least_support` gold rows has a recall of at least `minimum`.

    on `low`: by Wilson's interval as it stands in the report, on `value`: by the recall itself. The worst answer of
    any label counts. Undecided when no label has enough rows.
    """

    name: ClassVar[str] = "worst_label_recall"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"on": ("low", ON_VALUE)}
    minimum: float
    least_support: int = 10
    on: str = "low"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"recall ({self.on}) >= {self.minimum:g} for labels with {self.least_support}+ rows"

    def _decide(self, evidence: Evidence, task: str) -> tuple[str, Decision]:
        entry = entry_of(evidence.report, task, self.split)
        table = entry.get("per_label")
        if not isinstance(table, list) or not table:
            raise Unusable("the per-label table is missing")
        rows = [mapping(raw, "a row of the per-label table") for raw in table]
        large = [row for row in rows if number(row.get("support"), f"support of {row.get('id')}") >= self.least_support]
        small = len(rows) - len(large)
        if not large:
            why = f"no label has {self.least_support} rows"
            return "recall", Decision(UNDECIDED, self.expectation(), f"{small} labels, all too small", why)
        answers = {row.get("id"): (self._label(row), row) for row in large}
        order = (FAIL, UNDECIDED, PASS)
        worst = min(answers, key=lambda label: (order.index(answers[label][0]), answers[label][1]["recall"]))
        answer, row = answers[worst]
        others = f"; {small} labels are too small to tell" if small else ""
        got = f"{worst}: {_recall(row)}"
        return "recall", Decision(answer, self.expectation(), got, f"the worst of {len(large)} labels{others}")

    def _label(self, row: Mapping[str, Any]) -> str:
        return _weigh(_recall(row), self.minimum, self.on, at_least)[0]


def _recall(row: Mapping[str, Any]) -> Interval:
    """One label's recall with its interval; raises Unusable when these contradict each other."""
    keys = ("recall", "recall_low", "recall_high")
    value, low, high = (number(row.get(key), f"{key} of {row.get('id')}") for key in keys)
    if not 0.0 <= low <= value <= high <= 1.0:
        raise Unusable(f"the recall of {row.get('id')} and its interval contradict each other")
    return Interval(value, low, high, int(row["support"]))


@dataclass(frozen=True, kw_only=True)
class Calibration(Rule):
    """The expected calibration error stays at or under `maximum`: by its interval's high end, or by the value."""

    name: ClassVar[str] = "calibration"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"on": ("high", ON_VALUE)}
    maximum: float
    on: str = "high"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"ece ({self.on}) <= {self.maximum:g}"

    def _decide(self, evidence: Evidence, task: str) -> tuple[str, Decision]:
        raw = mapping(entry_of(evidence.report, task, self.split).get("calibration"), "calibration")
        value, low, high = (number(raw.get(key), f"calibration.{key}") for key in ("ece", "low", "high"))
        n = number(raw.get("n"), "calibration.n")
        if n < 1 or not (0.0 <= low <= high <= 1.0 and 0.0 <= value <= 1.0):
            raise Unusable("the calibration error and its interval contradict each other")
        found = Interval(value, low, high, int(n))
        answer, why = _weigh(found, self.maximum, self.on, at_most)
        return "ece", Decision(answer, self.expectation(), str(found), why)


@dataclass(frozen=True, kw_only=True)
class Rows(Rule):
    """At least `minimum` labelled rows stand behind the task's numbers."""

    name: ClassVar[str] = "rows"
    minimum: int

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"n >= {self.minimum}"

    def _decide(self, evidence: Evidence, task: str) -> tuple[str, Decision]:
        metric = metric_name(evidence.report, task, "primary")
        metrics = mapping(entry_of(evidence.report, task, self.split).get("metrics"), "metrics")
        n = number(mapping(metrics.get(metric), f"metric {metric}").get("n"), f"{metric}.n")
        answer = PASS if n >= self.minimum else FAIL
        return "n", Decision(answer, self.expectation(), f"{n:g}", "labelled rows of this task")
