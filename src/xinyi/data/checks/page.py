"""The findings as one self-contained HTML page with masked examples: no script, no request to the network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from xinyi.data.checks.console import status
from xinyi.data.checks.finding import Check, Example, Finding
from xinyi.data.checks.run import Outcome
from xinyi.data.checks.table import CHECKS
from xinyi.text import mask

LONGEST = 160


def write_page(path: Path, outcome: Outcome, summary: Mapping[str, Any], suspects: str = "") -> None:
    """Write the page beside its place, then rename it. suspects: name of the csv with label errors, if any."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    beside.write_text(render_page(outcome, summary, suspects), encoding="utf-8")
    os.replace(beside, path)


def render_page(outcome: Outcome, summary: Mapping[str, Any], suspects: str = "") -> str:
    """The page; every text in it is escaped and masked, whatever `data.mask` says."""
    environment = Environment(
        loader=PackageLoader("xinyi.data.checks"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    checks = [_check(check, outcome) for check in CHECKS.values()]
    counts = {name: sum(check["status"] == name for check in checks) for name in _ORDER}
    return environment.get_template("checks.html.j2").render(
        name=summary["name"],
        fingerprint=summary["fingerprint"][:16],
        splits=_splits(summary),
        checks=sorted(checks, key=lambda check: _ORDER.index(check["status"])),
        counts=counts,
        failed=outcome.failed,
        fail_on=outcome.fail_on,
        expired=outcome.expired,
        unused=outcome.unused,
        suspects=suspects,
        problems=summary["problems"],
    )


_ORDER = ("error", "warning", "info", "allowed", "ok", "skipped")


def _check(check: Check, outcome: Outcome) -> dict[str, Any]:
    found = outcome.of(check.name)
    return {
        "name": check.name,
        "title": check.title,
        "remedy": check.remedy,
        "least": check.least,
        "status": "skipped" if check.name in outcome.skipped else status(found),
        # Suspected labels and their pairs are worth looking at in any number.
        "findings": [_finding(finding, finding.over or check.slow) for finding in found],
    }


def _finding(finding: Finding, shown: bool) -> dict[str, Any]:
    return {
        "message": finding.measured.message,
        "value": _number(finding.measured.value),
        "limit": _number(finding.limit),
        "over": finding.over,
        "allowed": finding.allowed,
        "examples": [_example(example) for example in finding.measured.examples] if shown else [],
    }


def _example(example: Example) -> dict[str, Any]:
    return {"texts": [_shortened(mask(text)) for text in example.texts], "note": example.note}


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _number(value: float) -> str:
    return f"{value:.4g}"


def _splits(summary: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [
        {"name": name, "rows": f"{part['rows']:,}", "made": name in summary["split_made"], **part["characters"]}
        for name, part in summary["splits"].items()
    ]
