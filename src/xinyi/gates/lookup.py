"""Reading numbers out of a report without trusting it: whatever is not a plain finite number is refused by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xinyi.evaluation.metrics.table import METRICS

PRIMARY = "primary"
# Rounding of a mean over rows may pass a metric's range by this much.
SLACK = 1e-9


class Unusable(Exception):  # noqa: N818 - inside this room only: a rule turns it into a failure
    """A value that a rule needs is missing or makes no sense; the text says what was found."""


@dataclass(frozen=True)
class Interval:
    """A metric's value, the ends of its interval and its rows."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f} to {self.high:.4f}, n={self.n})"


def number(raw: Any, what: str) -> float:
    """A finite number; raises Unusable for null, NaN, infinity, text or a truth value."""
    if raw is None:
        raise Unusable(f"{what} is missing")
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise Unusable(f"{what} is {type(raw).__name__}, not a number")
    try:
        found = float(raw)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise Unusable(f"{what} is {found}")
    return found


def mapping(raw: Any, what: str) -> Mapping[str, Any]:
    """An object; raises Unusable for anything else."""
    if not isinstance(raw, Mapping):
        raise Unusable(f"{what} is missing" if raw is None else f"{what} is {type(raw).__name__}, not an object")
    return raw


def tasks_of(report: Mapping[str, Any], task: str) -> list[str]:
    """The tasks that a rule is about: the named one, or for `*` every task of the report."""
    return list(mapping(report.get("tasks"), "tasks")) if task == "*" else [task]


def entry_of(report: Mapping[str, Any], task: str, split: str) -> Mapping[str, Any]:
    """One task on one split."""
    splits = mapping(mapping(report.get("tasks"), "tasks").get(task), f"task {task}")
    return mapping(splits.get(split), f"split {split} of task {task}")


def metric_name(report: Mapping[str, Any], task: str, metric: str) -> str:
    """The metric itself, `primary` looked up for the task."""
    if metric != PRIMARY:
        return metric
    name = mapping(report.get("primary"), "primary").get(task)
    if not isinstance(name, str):
        raise Unusable(f"the primary metric of task {task} is missing")
    return name


def higher_is_better(metric: str) -> bool:
    """Which way a metric points; raises Unusable for one that the table does not know."""
    if metric not in METRICS:
        raise Unusable(f"metric {metric} is not known")
    return METRICS[metric].higher_is_better


def interval_of(entry: Mapping[str, Any], metric: str) -> Interval:
    """A metric's interval; raises Unusable when anything about it is missing or impossible."""
    higher_is_better(metric)
    raw = mapping(entry.get("metrics"), "metrics").get(metric)
    return estimate_of(raw, metric, METRICS[metric].low, METRICS[metric].high)


def estimate_of(raw: Any, name: str, least: float, most: float) -> Interval:
    """A number with interval and n; raises Unusable when one is missing, contradicts another or is out of range."""
    raw = mapping(raw, f"metric {name}")
    if raw.get("value") is None and raw.get("why"):
        raise Unusable(f"{name} has no value: {raw['why']}")
    value, low, high = (number(raw.get(key), f"{name}.{key}") for key in ("value", "low", "high"))
    n = number(raw.get("n"), f"{name}.n")
    if n < 1 or n != int(n):
        raise Unusable(f"{name}.n is {n:g}, not a count of rows")
    if low > high:
        raise Unusable(f"{name}.low {low:g} is above {name}.high {high:g}")
    if not low - SLACK <= value <= high + SLACK:
        raise Unusable(f"{name}.value {value:g} lies outside its interval {low:g} to {high:g}")
    if min(value, low, high) < least - SLACK or max(value, low, high) > most + SLACK:
        raise Unusable(f"{name} lies outside its range {least:g} to {most:g}")
    return Interval(value, low, high, int(n))
