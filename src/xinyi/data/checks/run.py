"""Asks the checks of a data set and holds their numbers against the limits."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from xinyi.data.checks.allow import Allowance
from xinyi.data.checks.finding import SEVERITIES, Check, Finding, Measured
from xinyi.data.checks.material import Material
from xinyi.data.checks.table import CHECKS

CHEAP, ALL, NONE = "cheap", "all", "none"
RUNS = ("auto", CHEAP, ALL, NONE)


@dataclass(frozen=True)
class CheckSettings:
    """run: cheap (no linear models), all or none. severity, limit: by check, instead of the check's own.

    allow: what is accepted. fail_on: the mildest severity that makes `xinyi data check` end with 1.
    skip: checks not run.
    """

    run: str = CHEAP
    severity: Mapping[str, str] = field(default_factory=dict)
    limit: Mapping[str, float] = field(default_factory=dict)
    allow: Sequence[Allowance] = ()
    fail_on: str = "warning"
    skip: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome:
    """findings: every number that a check gave. ran: check → seconds. skipped: checks that were not asked.

    expired, unused: entries of the allow-list that no longer count, and that accept nothing.
    """

    findings: tuple[Finding, ...]
    ran: Mapping[str, float]
    skipped: tuple[str, ...]
    fail_on: str
    expired: tuple[Allowance, ...] = ()
    unused: tuple[Allowance, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a finding is over its limit, severe enough and not accepted."""
        least = SEVERITIES.index(self.fail_on)
        return any(f.counts and SEVERITIES.index(f.severity) >= least for f in self.findings)

    def of(self, check: str) -> list[Finding]:
        """A check's findings, those that count first."""
        return sorted((f for f in self.findings if f.check == check), key=lambda f: (not f.counts, not f.over))


def run_checks(material: Material, settings: CheckSettings, today: date | None = None) -> Outcome:
    """All numbers, judged. Raises nothing of its own: the settings have been checked before."""
    today = today or date.today()
    valid = [entry for entry in settings.allow if entry.until >= today]
    used: set[Allowance] = set()
    findings: list[Finding] = []
    ran: dict[str, float] = {}
    for check in (check for check in CHECKS.values() if _asked(check, settings, "train" in material.splits)):
        started = time.monotonic()
        limit = float(settings.limit.get(check.name, check.limit))
        severity = settings.severity.get(check.name, check.severity)
        for measured in check.measure(material, limit):
            findings.append(_judged(check, severity, limit, measured, valid, used))
        ran[check.name] = round(time.monotonic() - started, 2)
    expired = tuple(entry for entry in settings.allow if entry.until < today)
    unused = tuple(entry for entry in valid if entry not in used and entry.check in ran)
    skipped = tuple(name for name in CHECKS if name not in ran)
    return Outcome(tuple(findings), ran, skipped, settings.fail_on, expired, unused)


def _asked(check: Check, settings: CheckSettings, trained: bool) -> bool:
    wanted = settings.run == ALL or (settings.run != NONE and not check.slow)
    return wanted and check.name not in settings.skip and (trained or not check.needs_train)


def _judged(
    check: Check, severity: str, limit: float, measured: Measured, valid: Sequence[Allowance], used: set[Allowance]
) -> Finding:
    finding = Finding(check.name, severity, limit, measured, check.is_over(measured.value, limit))
    if not finding.over:
        return finding
    entry = next((entry for entry in valid if entry.fits(check.name, measured, check.least)), None)
    if entry is None:
        return finding
    used.add(entry)
    return replace(finding, allowed=f"{entry.reason} (until {entry.until})")


def to_dict(outcome: Outcome) -> dict[str, Any]:
    """The part `checks` of data.json: numbers and their words, never a text."""
    return {
        "failed": outcome.failed,
        "fail_on": outcome.fail_on,
        "ran": dict(outcome.ran),
        "skipped": list(outcome.skipped),
        "findings": [finding.to_dict() for finding in outcome.findings],
        "allow": {"expired": list(map(_entry, outcome.expired)), "unused": list(map(_entry, outcome.unused))},
    }


def _entry(entry: Allowance) -> dict[str, Any]:
    return {key: str(value) for key, value in vars(entry).items() if value not in ("", None)}


def problems(outcome: Outcome, without: frozenset[str] = frozenset()) -> Iterator[str]:
    """One sentence for each finding that counts, for the lists of problems in data.json and the report.

    without: checks whose findings are told elsewhere.
    """
    for finding in outcome.findings:
        if finding.counts and finding.severity != "info" and finding.check not in without:
            yield finding.measured.message
