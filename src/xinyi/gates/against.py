"""Rules that look beyond the report: at the model in use, and at the exported files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from xinyi.gates.lookup import Unusable, entry_of, higher_is_better, interval_of, mapping, metric_name, number
from xinyi.gates.outcome import FAIL, PASS, UNDECIDED, Outcome
from xinyi.gates.rules import Decision, Evidence, Rule


@dataclass(frozen=True, kw_only=True)
class NoRegression(Rule):
    """Not worse than the model in use by more than `margin`, on the same rows.

    pass when the whole interval is at or beyond the champion's value less the margin, fail when none of it is, else
    undecided. Other rows, no champion, or the champion itself as candidate: fail.
    """

    name: ClassVar[str] = "no_regression"
    metric: str = "primary"
    margin: float = 0.01

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"{metric or self.metric} no worse than the champion's by more than {self.margin:g}"

    def _decide(self, evidence: Evidence, task: str) -> tuple[str, Decision]:
        if evidence.champion is None:
            raise Unusable("no champion was given")
        if same_run(evidence.report, evidence.champion):
            raise Unusable("the candidate is the champion itself")
        _same_rows(evidence.report, evidence.champion, self.split)
        metric = metric_name(evidence.report, task, self.metric)
        found = interval_of(entry_of(evidence.report, task, self.split), metric)
        try:
            bar = interval_of(entry_of(evidence.champion, task, self.split), metric)
        except Unusable as error:
            raise Unusable(f"the champion's report: {error}") from error
        if found.n != bar.n:
            raise Unusable(f"the champion was measured on {bar.n} rows, the candidate on {found.n}")
        sign = 1.0 if higher_is_better(metric) else -1.0
        worst, best = sorted((sign * found.low, sign * found.high))
        limit = sign * bar.value - self.margin
        answer = PASS if worst >= limit else FAIL if best < limit else UNDECIDED
        got = f"{found} against {bar.value:.4f}"
        return metric, Decision(answer, self.expectation(metric), got, _REASONS[answer])


_REASONS = {
    PASS: "the whole interval is no worse than the champion less the margin",
    FAIL: "the whole interval is worse than the champion less the margin",
    UNDECIDED: "the champion less the margin lies inside the interval: more labelled rows would decide",
}


def same_run(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Whether two reports come from one run, or hold exactly the same results."""
    names = [tuple((report.get("run") or {}).get(key) for key in ("name", "created")) for report in (left, right)]
    if names[0] == names[1] and None not in names[0]:
        return True
    results = [json.dumps(report.get("tasks"), sort_keys=True, default=str) for report in (left, right)]
    return results[0] == results[1]


def _same_rows(report: Mapping[str, Any], champion: Mapping[str, Any], split: str) -> None:
    """Raise Unusable unless both reports' fingerprints of the split are there and equal."""
    prints = []
    for whose, source in (("the report", report), ("the champion", champion)):
        splits = mapping(mapping(source.get("data"), f"data of {whose}").get("splits"), f"data.splits of {whose}")
        found = mapping(splits.get(split), f"data.splits.{split} of {whose}").get("fingerprint")
        if not isinstance(found, str) or not found:
            raise Unusable(f"{whose} has no fingerprint of its {split} rows")
        prints.append(found)
    if prints[0] != prints[1]:
        raise Unusable(f"the champion was measured on other {split} rows: evaluate it on these first")


@dataclass(frozen=True, kw_only=True)
class Parity(Rule):
    """Every exported format gives the trained model's probabilities to within `maximum` and decides alike.

    format: the one that must be in the record, or `*` for whichever are.
    Reads the export's record: {"formats": {format: {"max_difference", "argmax_equal", "rows"}}}.
    """

    name: ClassVar[str] = "parity"
    maximum: float = 1e-3
    format: str = "*"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"largest absolute difference <= {self.maximum:g}, same decisions"

    def check(self, evidence: Evidence) -> list[Outcome]:
        """One outcome a format; the record is about the whole model, so that `task` does not matter."""
        try:
            formats = mapping(mapping(evidence.parity, "the export's parity record").get("formats"), "parity.formats")
        except Unusable as error:
            return [self._failure("*", str(error))]
        if not formats:
            return [self._failure("*", "the parity record names no format")]
        chosen = formats if self.format == "*" else {self.format: formats.get(self.format)}
        return [self._judged(name, raw) for name, raw in chosen.items()]

    def _judged(self, name: str, raw: Any) -> Outcome:
        try:
            record = mapping(raw, f"parity of {name}")
            found = number(record.get("max_difference"), f"{name}.max_difference")
            rows = number(record.get("rows"), f"{name}.rows")
        except Unusable as error:
            return self._failure("*", str(error))
        if found < 0 or rows < 1:
            return self._failure("*", f"parity of {name} was not measured on any row")
        # Anything but a plain true is a failure, a missing entry too.
        alike = record.get("argmax_equal") is True
        answer = PASS if found <= self.maximum and alike else FAIL
        decided = "same decisions" if alike else "decisions differ or were not compared"
        got = f"{found:.3g}, {decided}"
        return Outcome(self.name, "*", self.split, name, answer, self.expectation(), got, f"{name} on {rows:g} rows")
