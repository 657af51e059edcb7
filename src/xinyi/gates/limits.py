"""Rules over a report's own numbers: one frozen dataclass each.

Every limit is inclusive: a number exactly on it passes. `task="*"` means every task of the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from xinyi.gates.base import ON_VALUE, Decision, Evidence, Rule, undecided, weigh
from xinyi.gates.lookup import Interval, Unusable, entry_of, higher_is_better, interval_of, mapping, metric_name, number
from xinyi.gates.outcome import FAIL, PASS, UNDECIDED, at_least, at_most


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
        return metric, weigh(found, self.minimum, self.on, at_least, self.expectation(metric))


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
        return metric, weigh(found, self.maximum, self.on, at_most, self.expectation(metric))


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
        want, got = self.expectation(metric), f"{found} against {bar:.4f}"
        if worst > sign * bar + self.margin:
            return metric, Decision(PASS, want, got, "the whole interval is better than the constant answer")
        if best <= sign * bar:
            return metric, Decision(FAIL, want, got, "no part of the interval is better than the constant answer")
        return metric, undecided(found, bar + sign * self.margin, want, got)


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
        rows = _label_rows(evidence, task, entry)
        large = [row for row in rows if number(row.get("support"), f"support of {row.get('id')}") >= self.least_support]
        small = len(rows) - len(large)
        if not large:
            why = f"no label has {self.least_support} rows"
            return "recall", Decision(UNDECIDED, self.expectation(), f"{small} labels, all too small", why)
        judged = [(self._label(row), row) for row in large]
        order = (FAIL, UNDECIDED, PASS)
        found, row = min(judged, key=lambda pair: (order.index(pair[0].answer), pair[1]["recall"]))
        others = f"; {small} labels are too small to tell" if small else ""
        why = f"the worst of {len(large)} labels{others}"
        why = f"{found.why}; {why}" if found.answer == UNDECIDED else why
        return "recall", replace(found, got=f"{row.get('id')}: {found.got}", why=why)

    def _label(self, row: Mapping[str, Any]) -> Decision:
        return weigh(_recall(row), self.minimum, self.on, at_least, self.expectation())


def _label_rows(evidence: Evidence, task: str, entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The per-label table, which must have every label of the task: a row left out would hide the worst one."""
    table = entry.get("per_label")
    if not isinstance(table, list) or not table:
        raise Unusable("the per-label table is missing")
    rows = [mapping(raw, "a row of the per-label table") for raw in table]
    spec = mapping(mapping(evidence.report.get("task_specs"), "task_specs").get(task), f"task_specs.{task}")
    labels = spec.get("labels")
    if not isinstance(labels, list) or not labels:
        raise Unusable(f"the labels of task {task} are missing")
    known = {mapping(label, "a label").get("id") for label in labels}
    if missing := sorted(map(str, known - {row.get("id") for row in rows})):
        raise Unusable(f"the per-label table lacks {', '.join(missing[:5])}")
    return rows


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
        if n < 1 or not (0.0 <= low <= value <= high <= 1.0):
            raise Unusable("the calibration error and its interval contradict each other")
        found = Interval(value, low, high, int(n))
        return "ece", weigh(found, self.maximum, self.on, at_most, self.expectation())


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
