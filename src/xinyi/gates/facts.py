"""The rule about what stands behind the numbers: the data's findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from xinyi.gates.base import Decision, Evidence, Rule
from xinyi.gates.lookup import Unusable, mapping
from xinyi.gates.outcome import FAIL, PASS, Outcome

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
