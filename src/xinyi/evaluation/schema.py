"""The shape of report.json: checked when written and when read. Standard library only, so that gates can use it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from xinyi.errors import BundleError, describe
from xinyi.evaluation.schema_parts import behaviour_problems, metric_problems, slice_problems

SCHEMA_VERSION = 1
SECTIONS = ("run", "data", "primary", "task_specs", "tasks", "decoding")
RUN_KEYS = ("name", "created", "seed", "git_commit", "versions", "backbone", "tasks", "train_seconds", "parameters")
RUN_KEYS += ("device", "precision", "embedded_random")
SPLIT_KEYS = ("metrics", "baseline", "per_label", "confusion", "slices", "behaviour", "calibration", "errors")
AGAIN = "evaluate again with this version"


def validate(report: Any) -> None:
    """Raise BundleError, with every problem, when this is not a whole report of this schema version."""
    problems = list(shape_problems(report)) or list(_content_problems(report))
    if problems:
        raise BundleError(problems, title="report cannot be used")


def shape_problems(report: Any) -> Iterator[str]:
    """What makes it no report at all: another version, missing sections. Single numbers are not looked at."""
    if not isinstance(report, Mapping):
        yield describe("an object", type(report).__name__, AGAIN, "report")
        return
    if report.get("schema_version") != SCHEMA_VERSION:
        yield describe(SCHEMA_VERSION, report.get("schema_version", "none"), AGAIN, "report.schema_version")
    for name in SECTIONS:
        if not isinstance(report.get(name), Mapping):
            yield describe("an object", type(report.get(name)).__name__, AGAIN, f"report.{name}")
    tasks = report.get("tasks")
    for task, splits in tasks.items() if isinstance(tasks, Mapping) else ():
        if not isinstance(splits, Mapping) or not all(isinstance(entry, Mapping) for entry in splits.values()):
            yield describe("one object a split", type(splits).__name__, AGAIN, f"report.tasks.{task}")


def _content_problems(report: Mapping[str, Any]) -> Iterator[str]:
    for key in RUN_KEYS:
        if key not in report["run"]:
            yield describe("a value (null where unknown)", "none", AGAIN, f"report.run.{key}")
    for task, splits in report["tasks"].items():
        for name in ("primary", "task_specs"):
            if task not in report[name]:
                yield describe("an entry for every task", "none", AGAIN, f"report.{name}.{task}")
        for split, entry in splits.items():
            where = f"report.tasks.{task}.{split}"
            for key in SPLIT_KEYS:
                if key not in entry:
                    yield describe("a value", "none", AGAIN, f"{where}.{key}")
            yield from metric_problems(entry.get("metrics", {}), f"{where}.metrics")
            yield from slice_problems(entry.get("slices", {}), f"{where}.slices")
            yield from behaviour_problems(entry.get("behaviour", {}), f"{where}.behaviour")
    yield from _not_finite(report, "report")


def _not_finite(value: Any, where: str) -> Iterator[str]:
    """NaN and infinity have no place in JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        yield describe("a finite number or null", value, AGAIN, where)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _not_finite(inner, f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from _not_finite(inner, f"{where}[{number}]")
