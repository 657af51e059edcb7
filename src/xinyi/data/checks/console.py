"""The findings as a table for the console: numbers and words, never a text."""

from __future__ import annotations

from collections.abc import Iterator

from xinyi.data.checks.finding import Finding
from xinyi.data.checks.run import Outcome
from xinyi.data.checks.table import CHECKS

MOST_LINES = 6


def lines(outcome: Outcome) -> Iterator[str]:
    """One line a check with what became of it, and below it the messages of its findings that are over the limit."""
    width = max(len(check.title) for check in CHECKS.values())
    for name, check in CHECKS.items():
        found = outcome.of(name)
        state = "skipped" if name in outcome.skipped else status(found)
        seconds = f"{outcome.ran[name]:6.1f} s" if name in outcome.ran else ""
        yield f"{state:8} {check.title:{width}} {name:20} {seconds}".rstrip()
        over = [finding for finding in found if finding.over]
        for finding in over[:MOST_LINES]:
            limit = f"limit {'at least ' if check.least else ''}{finding.limit:g}"
            allowed = f"; allowed: {finding.allowed}" if finding.allowed else ""
            yield f"           {finding.measured.message} [{limit}{allowed}]"
        if len(over) > MOST_LINES:
            yield f"           and {len(over) - MOST_LINES} more"
        if any(finding.counts for finding in over):
            yield f"           → {check.remedy}"
    for entry in outcome.expired:
        yield f"expired  allow-list: {entry.check} was accepted until {entry.until} ({entry.reason})"
    for entry in outcome.unused:
        yield f"unused   allow-list: {entry.check} ({entry.reason}) accepts nothing any more; remove it"


def status(found: list[Finding]) -> str:
    """`ok`, `allowed`, or the severity of the worst finding that counts."""
    counting = [finding.severity for finding in found if finding.counts]
    if counting:
        return max(counting, key=("info", "warning", "error").index)
    return "allowed" if any(finding.over for finding in found) else "ok"
