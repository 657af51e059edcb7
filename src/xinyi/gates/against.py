"""No regression against the model in use: row by row on the same rows, over all tasks and slices at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from xinyi.evaluation.paired.difference import RESAMPLES, Difference, NoDifference, difference, score
from xinyi.evaluation.paired.holm import holm
from xinyi.evaluation.paired.match import OtherRows, Pair, make_pair
from xinyi.evaluation.paired.planning import detectable, more_rows
from xinyi.gates.base import ALPHA, Decision, Evidence, Rule, plan
from xinyi.gates.identity import same_model
from xinyi.gates.lookup import Unusable, entry_of, interval_of, mapping, metric_name
from xinyi.gates.outcome import FAIL, PASS, UNDECIDED, Outcome

# How far a number worked out again may lie from the report's: sums are taken in another order.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Comparison:
    """A difference that waits for the others: Holm's correction needs them all."""

    rule: NoRegression
    task: str
    part: str
    found: Difference
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class NoRegression(Rule):
    """Not worse than the model in use by more than `margin`, on the same rows, matched by content.

    pass: the difference's whole interval lies above minus the margin. fail: the candidate is worse, shown by
    McNemar's exact test (accuracy) or the paired bootstrap after Holm's correction, and not shown to be within the
    margin. undecided: neither. Other rows, no champion, the champion itself as candidate, or (with task `*`) a task
    of the champion's that the candidate lacks: fail.

    slice: compare within each value of this slice that has at least `least_rows` rows; `*` for every slice that either
    side knows. A value of the champion's that no row of the candidate's has any more: fail.
    """

    name: ClassVar[str] = "no_regression"
    metric: str = "primary"
    margin: float = 0.01
    slice: str = ""
    least_rows: int = 50

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"{metric or self.metric} no worse than the champion's by more than {self.margin:g}"

    def compare(self, evidence: Evidence) -> list[Comparison | Outcome]:
        """One comparison a task, or a task and slice value; what cannot be compared is a failure."""
        return [*self.of_tasks(evidence, lambda task: self._task(evidence, task)), *self._lost(evidence)]

    def _lost(self, evidence: Evidence) -> Iterator[Outcome]:
        """Tasks that the model in use answers and the candidate does not."""
        if self.task == "*" and isinstance(evidence.champion, Mapping):
            known, former = (report.get("tasks") for report in (evidence.report, evidence.champion))
            for task in former if isinstance(former, Mapping) and isinstance(known, Mapping) else ():
                if task not in known:
                    yield self.failure(task, "the champion answers this task, the candidate does not")

    def check(self, evidence: Evidence) -> list[Outcome]:
        """The comparisons of this rule alone, as one family."""
        return settle(self.compare(evidence))

    def _task(self, evidence: Evidence, task: str) -> list[Comparison | Outcome]:
        try:
            pair = self._pair(evidence, task)
            metric = metric_name(evidence.report, task, self.metric)
            _check_values(evidence, pair, task, self.split, metric)
            if not self.slice:
                return [self._compared(pair, metric, task, "")]
            return list(self._slices(pair, metric, task))
        except (Unusable, OtherRows, NoDifference) as error:
            return [self.failure(task, str(error))]

    def _pair(self, evidence: Evidence, task: str) -> Pair:
        if evidence.champion is None:
            raise Unusable("no champion was given")
        report, champion = evidence.report, evidence.champion
        if evidence.once("same", lambda: same_model(report, champion)):
            raise Unusable("the candidate is the champion itself")
        pair = pair_of(evidence, self.split, task)
        sides = evidence.rows_of(self.split), evidence.rows_of(self.split, champion=True)
        others = (name for name in sides[0].tasks if name in sides[1].tasks and name != task)
        if pair.identical and all(pair_of(evidence, self.split, name).identical for name in others):
            raise Unusable("the candidate answers every row exactly as the champion does: it is the same model")
        return pair

    def _compared(self, pair: Pair, metric: str, task: str, part: str, note: str = "") -> Comparison:
        name = f"{task} {self.split} {metric} {part}"
        found = difference(pair, metric, 1.0 - 2.0 * ALPHA, RESAMPLES, name=name)
        return Comparison(self, task, part, found, note)

    def _slices(self, pair: Pair, metric: str, task: str) -> Iterator[Comparison | Outcome]:
        names = list(pair.slices) if self.slice == "*" else [self.slice]
        if not names or any(name not in pair.slices for name in names):
            yield self.failure(task, f"the answers have no slice {'at all' if self.slice == '*' else self.slice}")
            return
        for name in names:
            yield from self._slice(pair, metric, task, name)
            for value, count in pair.lost.get(name, {}).items():
                if count >= self.least_rows:
                    why = "the champion's rows have this value, the candidate's not"
                    yield self.failure(task, why, f"{name}={value}")

    def _slice(self, pair: Pair, metric: str, task: str, name: str) -> Iterator[Comparison | Outcome]:
        values, counts = np.unique(pair.slices[name][pair.slices[name] != ""], return_counts=True)
        large = [str(value) for value, count in zip(values, counts, strict=True) if count >= self.least_rows]
        small = len(values) - len(large)
        note = f"{small} values of {name} under {self.least_rows} rows were not compared" if small else ""
        if not large:
            want = self.expectation(metric)
            found = Decision(UNDECIDED, want, f"{len(values)} values", f"no value of {name} has {self.least_rows} rows")
            yield self.outcome(task, metric, found, name)
        for value in large:
            try:
                yield self._compared(pair.take(pair.slices[name] == value), metric, task, f"{name}={value}", note)
            except NoDifference as error:
                yield self.failure(task, str(error), f"{name}={value}")

    def conclude(self, found: Comparison, p: float, family: int) -> Outcome:
        """The answer, given the p-value after correction in a family of so many comparisons."""
        d = found.found
        answer = PASS if d.low >= -self.margin else FAIL if p <= ALPHA else UNDECIDED
        got = f"{d.values[0]:.4f} against {d.values[1]:.4f}: {d.value:+.4f} ({d.low:+.4f} to {d.high:+.4f}, n={d.n})"
        # What Holm's correction asks of the smallest p-value.
        least = detectable(d.error, ALPHA / max(1, family))
        why = f"{_REASONS[answer]} ({d.test}, p={p:.3g} over {family} comparisons)"
        rows = None
        if answer == UNDECIDED:
            rows = more_rows(d.error, max(d.value + self.margin, -d.value), d.n, ALPHA)
            why = f"{why}; {plan(least, rows)}"
        elif answer == PASS:
            why = f"{why}; a true drop of {least:.4f} would have shown"
        why = f"{why}; {found.note}" if found.note else why
        decision = Decision(answer, self.expectation(d.metric), got, why, least, rows)
        return replace(self.outcome(found.task, d.metric, decision, found.part), p=p)


def pair_of(evidence: Evidence, split: str, task: str) -> Pair:
    """Both models' answers to one task, matched once for all rules; raises Unusable or OtherRows."""
    return evidence.once(("pair", split, task), lambda: _matched(evidence, split, task))


def _matched(evidence: Evidence, split: str, task: str) -> Pair:
    sides = evidence.rows_of(split), evidence.rows_of(split, champion=True)
    decodings = tuple(
        mapping(mapping(report.get("decoding"), "decoding").get(task), f"decoding of {task}")
        for report in (evidence.report, evidence.champion or {})
    )
    try:
        return make_pair(*sides, task, decodings)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise Unusable(f"the decoding of task {task} makes no sense") from error


_REASONS = {
    PASS: "no worse than the margin, shown",
    FAIL: "worse, shown",
    UNDECIDED: "neither worse nor within the margin is shown",
}


def settle(found: Sequence[Comparison | Outcome]) -> list[Outcome]:
    """Outcomes in the order given; all comparisons among them are one family for Holm's correction."""
    waiting = [item for item in found if isinstance(item, Comparison)]
    adjusted = iter(holm([item.found.p for item in waiting]))
    return [
        item.rule.conclude(item, next(adjusted), len(waiting)) if isinstance(item, Comparison) else item
        for item in found
    ]


def _check_values(evidence: Evidence, pair: Pair, task: str, split: str, metric: str) -> None:
    """Raise Unusable unless both reports' numbers are what their answers give."""
    for whose, report, side in (
        ("the report", evidence.report, pair.candidate),
        ("the champion's report", evidence.champion or {}, pair.champion),
    ):
        try:
            told = interval_of(entry_of(report, task, split), metric)
        except Unusable as error:
            raise Unusable(f"{whose}: {error}") from error
        found = score(pair, side, metric)
        if told.n != len(pair) or not abs(found - told.value) <= ROUNDING:
            raise Unusable(
                f"{whose} says {metric} {told.value:.6f} (n={told.n}), its answers give {found:.6f} (n={len(pair)})"
            )
