"""The part of the cross checks that looks at the data checks' own settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xinyi.data.checks.allow import allowance_problems
from xinyi.data.checks.finding import SEVERITIES
from xinyi.data.checks.table import CHECKS
from xinyi.data.wording import nearest
from xinyi.errors import describe


def checks_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Checks that do not exist, severities that are none, entries of the allow-list without a reason or a last day."""
    checks = config["checks"]
    for key in ("severity", "limit", "skip"):
        for name in checks[key]:
            if name not in CHECKS:
                remedy = f"{nearest(name, CHECKS)}use one of {', '.join(CHECKS)}"
                yield describe("the name of a check", repr(name), remedy, f"checks.{key}")
    for name, severity in checks["severity"].items():
        if severity not in SEVERITIES:
            yield describe(f"one of {', '.join(SEVERITIES)}", repr(severity), "choose one", f"checks.severity.{name}")
    yield from allowance_problems(checks["allow"], list(CHECKS))
