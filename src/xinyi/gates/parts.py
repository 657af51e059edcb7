"""Rules over parts of a test set: slices of its rows, and behaviour suites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from xinyi.gates.base import ON_VALUE, Decision, Evidence, Rule, weigh
from xinyi.gates.lookup import (
    Interval,
    Unusable,
    entry_of,
    estimate_of,
    higher_is_better,
    interval_of,
    mapping,
    metric_name,
    number,
)
from xinyi.gates.outcome import FAIL, PASS, UNDECIDED, Outcome, at_least, at_most

ALL = "*"
_ORDER = (FAIL, UNDECIDED, PASS)


@dataclass(frozen=True, kw_only=True)
class PartRule(Rule):
    """A rule with several outcomes a task."""

    def check(self, evidence: Evidence) -> list[Outcome]:
        """The outcomes of every task; what cannot be looked up is a failure that names it."""
        return self.of_tasks(evidence, lambda task: self._task(evidence, task))

    def _task(self, evidence: Evidence, task: str) -> list[Outcome]:
        try:
            return list(self._parts(evidence, task))
        except Unusable as error:
            return [self.failure(task, str(error))]

    def _parts(self, evidence: Evidence, task: str) -> Iterator[Outcome]:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class SliceRule(PartRule):
    """A rule about each value of a slice. slice: its name, or `*` for all of them. value: one that must be there.

    Slices that the report calls too small are counted, not judged; a slice of nothing else is undecided.
    """

    metric: str = "primary"
    slice: str = ALL
    value: str = ALL

    def _parts(self, evidence: Evidence, task: str) -> Iterator[Outcome]:
        metric = metric_name(evidence.report, task, self.metric)
        entry = entry_of(evidence.report, task, self.split)
        slices = mapping(entry.get("slices"), "slices")
        names = list(slices) if self.slice == ALL else [self.slice]
        if not names:
            raise Unusable("the report has no slice")
        for name in names:
            yield self._slice(entry, mapping(slices.get(name), f"slice {name}"), name, task, metric)

    def _slice(self, entry: Mapping[str, Any], values: Mapping[str, Any], name: str, task: str, metric: str) -> Outcome:
        """The worst value of one slice."""
        chosen = values if self.value == ALL else {self.value: values.get(self.value)}
        parts = {value: mapping(raw, f"{name}={value}") for value, raw in chosen.items()}
        if not parts:
            raise Unusable(f"slice {name} has no value")
        large = {value: raw for value, raw in parts.items() if raw.get("too_small") is not True}
        small = f"; {len(parts) - len(large)} values are too small to tell" if len(large) < len(parts) else ""
        if not large:
            found = Decision(UNDECIDED, self.expectation(metric), f"{len(parts)} values", "all of them are too small")
            return self.outcome(task, metric, found, name)
        judged = {value: self._value(entry, raw, f"{name}={value}", metric) for value, raw in large.items()}
        worst = min(judged, key=lambda value: (_ORDER.index(judged[value][0].answer), judged[value][1]))
        found = judged[worst][0]
        why = f"{found.why}; the worst of {len(large)} values{small}"
        return self.outcome(task, metric, replace(found, why=why), f"{name}={worst}")

    def _value(
        self, entry: Mapping[str, Any], raw: Mapping[str, Any], part: str, metric: str
    ) -> tuple[Decision, float]:
        """The decision about one value, and how good it is (higher is better)."""
        raise NotImplementedError


def _part_interval(raw: Mapping[str, Any], metric: str, part: str) -> Interval:
    try:
        return interval_of(raw, metric)
    except Unusable as error:
        raise Unusable(f"{part}: {error}") from error


@dataclass(frozen=True, kw_only=True)
class SliceFloor(SliceRule):
    """In every value of a slice a metric that is better when higher reaches `minimum`: by the low end or the value."""

    name: ClassVar[str] = "slice_floor"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"on": ("low", ON_VALUE)}
    minimum: float
    on: str = "low"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"{metric or self.metric} ({self.on}) >= {self.minimum:g} in every value of slice {self.slice}"

    def _value(
        self, entry: Mapping[str, Any], raw: Mapping[str, Any], part: str, metric: str
    ) -> tuple[Decision, float]:
        if not higher_is_better(metric):
            raise Unusable(f"{metric} is better when lower: slice_gap looks both ways")
        found = _part_interval(raw, metric, part)
        return weigh(found, self.minimum, self.on, at_least, self.expectation(metric)), found.value


@dataclass(frozen=True, kw_only=True)
class SliceGap(SliceRule):
    """No value of a slice is worse than the whole split by more than `maximum`.

    The slice's interval is held against the whole's value. on `value`: the two values alone.
    """

    name: ClassVar[str] = "slice_gap"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"on": ("high", ON_VALUE)}
    maximum: float
    on: str = "high"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        which = "any slice" if self.slice == ALL else f"slice {self.slice}"
        return f"{metric or self.metric} in {which} at most {self.maximum:g} worse than in the whole"

    def _value(
        self, entry: Mapping[str, Any], raw: Mapping[str, Any], part: str, metric: str
    ) -> tuple[Decision, float]:
        whole, own = interval_of(entry, metric), _part_interval(raw, metric, part)
        sign = 1.0 if higher_is_better(metric) else -1.0
        ends = sorted(sign * (whole.value - end) for end in (own.low, own.high))
        gap = Interval(sign * (whole.value - own.value), *ends, own.n)
        return weigh(gap, self.maximum, self.on, at_most, self.expectation(metric)), -gap.value


@dataclass(frozen=True, kw_only=True)
class Behaviour(PartRule):
    """Every test of a behaviour suite passes in at least `minimum` of its cases, by the interval's low end or value.

    suite, test: one that must be there, or `*` for all of the report's.
    """

    name: ClassVar[str] = "behaviour"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"on": ("low", ON_VALUE)}
    minimum: float
    suite: str = ALL
    test: str = ALL
    on: str = "low"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"pass rate ({self.on}) >= {self.minimum:g}"

    def _parts(self, evidence: Evidence, task: str) -> Iterator[Outcome]:
        suites = mapping(entry_of(evidence.report, task, self.split).get("behaviour"), "behaviour")
        names = list(suites) if self.suite == ALL else [self.suite]
        if not names:
            raise Unusable("the report has no behaviour suite")
        for name in names:
            tests = mapping(suites.get(name), f"suite {name}")
            chosen = tests if self.test == ALL else {self.test: tests.get(self.test)}
            if not chosen:
                raise Unusable(f"suite {name} has no test")
            for test, raw in chosen.items():
                yield self._test(task, raw, f"{name}/{test}")

    def _test(self, task: str, raw: Any, part: str) -> Outcome:
        try:
            case = mapping(raw, f"test {part}")
            found = estimate_of(case.get("pass_rate"), f"the pass rate of {part}", 0.0, 1.0)
            if number(case.get("n"), f"n of {part}") < 1:
                raise Unusable(f"test {part} has no case")
        except Unusable as error:
            return self.failure(task, str(error), part)
        decision = weigh(found, self.minimum, self.on, at_least, self.expectation(), "cases")
        return self.outcome(task, "pass_rate", decision, part)
