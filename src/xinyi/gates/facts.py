"""Rules about what stands behind the numbers: the data's findings, and whether the numbers are the answers' own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from xinyi.evaluation.answers import SplitAnswers
from xinyi.evaluation.metrics.table import METRICS, score
from xinyi.gates.base import Decision, Evidence, Rule
from xinyi.gates.lookup import Unusable, entry_of, mapping, number
from xinyi.gates.outcome import FAIL, PASS, Outcome
from xinyi.tasks.decode import Decoding, predict, probabilities

ROUNDING = 1e-9
# The mildest first, as the data checks have them.
SEVERITIES = ("info", "warning", "error")


@dataclass(frozen=True, kw_only=True)
class DataFindings(Rule):
    """At most `maximum` findings of the data checks are over their limit and accepted by nobody.

    check: the one asked about, which must have run; `*` for all that ran. severity: the mildest that counts.
    """

    name: ClassVar[str] = "data_findings"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"severity": SEVERITIES}
    maximum: int = 0
    of: str = "*"
    severity: str = "warning"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        about = "" if self.of == "*" else f" of {self.of}"
        return f"at most {self.maximum} findings{about} in the data ({self.severity} or worse)"

    def check(self, evidence: Evidence) -> list[Outcome]:
        """One outcome: the data are those of all tasks."""
        try:
            hits = list(self._hits(mapping(evidence.report.get("data"), "data")))
        except Unusable as error:
            return [self.failure("*", str(error))]
        answer = PASS if len(hits) <= self.maximum else FAIL
        why = hits[0] if hits else "none is over its limit"
        return [self.outcome("*", "findings", Decision(answer, self.expectation(), f"{len(hits)} findings", why))]

    def _hits(self, data: Mapping[str, Any]) -> Iterator[str]:
        checks = mapping(data.get("checks"), "the data's checks (data.checks)")
        ran, found = mapping(checks.get("ran"), "data.checks.ran"), checks.get("findings")
        if not isinstance(found, list) or not ran:
            raise Unusable("no data check ran (checks=default runs them)")
        if self.of != "*" and self.of not in ran:
            raise Unusable(f"the data check {self.of} did not run")
        for raw in found:
            finding = mapping(raw, "a finding")
            if finding.get("severity") not in SEVERITIES or not isinstance(finding.get("over"), bool):
                raise Unusable("a finding of the data checks makes no sense")
            mild = SEVERITIES.index(finding["severity"]) < SEVERITIES.index(self.severity)
            other = self.of not in ("*", finding.get("check"))
            if finding["over"] and not finding.get("allowed") and not mild and not other:
                yield str(finding.get("message"))


@dataclass(frozen=True, kw_only=True)
class Recomputed(Rule):
    """Every metric of the report is what its answers give when worked out again: a report changed by hand fails."""

    name: ClassVar[str] = "recomputed"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return "each metric as the stored answers give it"

    def _decide(self, evidence: Evidence, task: str) -> tuple[str, Decision]:
        entry = entry_of(evidence.report, task, self.split)
        decoding = mapping(mapping(evidence.report.get("decoding"), "decoding").get(task), f"decoding of {task}")
        values = _scores(evidence.rows_of(self.split), task, decoding)
        told = mapping(entry.get("metrics"), "metrics")
        if missing := [name for name in values if name not in told]:
            raise Unusable(f"the report lacks {', '.join(missing)}")
        rows = len(evidence.rows_of(self.split).tasks[task].rows)
        for name, value in values.items():
            _check(name, mapping(told[name], f"metric {name}"), value, rows)
        return "metrics", Decision(PASS, self.expectation(), f"{len(values)} metrics", "all of them agree")


def _check(name: str, told: Mapping[str, Any], value: float, rows: int) -> None:
    """Raise Unusable unless the report's entry has this value and so many rows."""
    if told.get("n") != rows:
        raise Unusable(f"{name}.n is {told.get('n')} in the report, there are {rows} answers")
    if not math.isfinite(value):
        if told.get("value") is not None:
            raise Unusable(f"{name} cannot be computed from the answers, but the report has a value")
        return
    own = number(told.get("value"), f"{name}.value")
    if not abs(own - value) <= ROUNDING * max(1.0, abs(value)):
        raise Unusable(f"{name} is {own:.6f} in the report, its answers give {value:.6f}")


def _scores(answers: SplitAnswers, task: str, decoding: Mapping[str, Any]) -> dict[str, float]:
    """Every metric of the task's kind, from its answers."""
    if task not in answers.tasks:
        raise Unusable(f"the answers lack task {task}")
    own = answers.tasks[task]
    try:
        used = Decoding.from_dict(decoding)
        probs_BC = probabilities(own.logits_BC, own.kind, used.temperature)
        predicted = predict(probs_BC, own.kind, used.thresholds)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise Unusable(f"the decoding of task {task} makes no sense") from error
    return {m.name: score(m.name, own.gold, predicted, probs_BC) for m in METRICS.values() if own.kind in m.kinds}
