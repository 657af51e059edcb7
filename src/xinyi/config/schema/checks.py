"""Group `checks`: what the data is asked before it is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xinyi.config.schema.fields import setting
from xinyi.data.checks.finding import SEVERITIES
from xinyi.data.checks.run import RUNS


@dataclass
class ChecksConfig:
    """Which checks run, what their findings weigh, and which of them are accepted for a time."""

    run: str = setting(
        "auto", "cheap (without linear models), all or none; auto: all in data check, cheap in train", choices=RUNS
    )
    fail_on: str = setting("warning", "mildest severity that makes data check end with 1", choices=SEVERITIES)
    severity: dict[str, str] = setting({}, "check: info, warning or error, instead of its own")
    limit: dict[str, float] = setting({}, "check: its limit, instead of its own")
    skip: list[str] = setting([], "checks that are not run")
    allow: list[dict[str, Any]] = setting(
        [], "findings that are accepted: {check, until, reason}, and where wanted split, task, label, upto"
    )
    folder: str | None = setting(None, "folder for the files of data check; default: a new one under runs")
