"""From report.json to the metrics that a run is chosen by."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from xinyi.tracking.flatten import clean_key

BEST_SPLITS = ("test", "validation")


def final_metrics(report: Mapping[str, Any]) -> dict[str, float]:
    """`<split>/<task>/<metric>`, each task's primary metric first, with `.low` and `.high`; test before other splits.

    The intervals of the other metrics stay in report.json: MLflow draws a chart for every name, and three times as
    many charts hide the training curves. What could not be computed (null) is left out: see `missing_metrics`.
    """
    return {key: value for key, value in _entries(report) if value is not None}


def missing_metrics(report: Mapping[str, Any]) -> list[str]:
    """Names of the metrics that could not be computed."""
    return [key for key, value in _entries(report) if value is None and not key.endswith((".low", ".high"))]


def primary_metrics(report: Mapping[str, Any]) -> list[str]:
    """The name of each task's primary metric, on the test rows where there are any, in the order of the tasks."""
    primary, tasks = report.get("primary", {}), report.get("tasks", {})
    found = ((task, next((split for split in BEST_SPLITS if split in tasks[task]), None)) for task in tasks)
    return [clean_key(f"{split}/{task}/{primary[task]}") for task, split in found if split and task in primary]


def lower_is_better(name: str) -> bool:
    """Which way the metric of `<split>/<task>/<metric>` points; unknown ones upwards."""
    from xinyi.evaluation.metrics.table import METRICS

    metric = METRICS.get(name.rsplit("/", 1)[-1])
    return metric is not None and not metric.higher_is_better


def _entries(report: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    primary = report.get("primary", {})
    rows = [
        (metric != primary.get(task), _rank(split), f"{split}/{task}/{metric}", entry)
        for task, splits in report.get("tasks", {}).items()
        for split, content in splits.items()
        for metric, entry in content.get("metrics", {}).items()
    ]
    # sorted keeps the report's order of tasks and metrics within a split.
    for minor, _, name, entry in sorted(rows, key=lambda row: row[:2]):
        key = clean_key(name)
        yield key, _finite(entry.get("value"))
        if not minor:
            yield f"{key}.low", _finite(entry.get("low"))
            yield f"{key}.high", _finite(entry.get("high"))


def _rank(split: str) -> int:
    return BEST_SPLITS.index(split) if split in BEST_SPLITS else len(BEST_SPLITS)


def _finite(value: Any) -> float | None:
    """A number that can be shown; NaN, infinity and null are none."""
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable else None
