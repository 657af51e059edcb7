"""Comparing reports: the content of compare.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from xinyi.errors import BundleError, describe
from xinyi.evaluation.answers import SplitAnswers
from xinyi.evaluation.compare.flips import flips
from xinyi.evaluation.metrics.table import metrics_for
from xinyi.evaluation.paired.difference import NoDifference, difference
from xinyi.evaluation.paired.holm import holm
from xinyi.evaluation.paired.match import OtherRows, Pair, make_pair

SCHEMA_VERSION = 1
TITLE = "runs cannot be compared"


@dataclass(frozen=True, eq=False)
class Side:
    """One run. texts: split → one masked text a row, where the run has them."""

    name: str
    report: Mapping[str, Any]
    answers: Mapping[str, SplitAnswers]
    texts: Mapping[str, Sequence[str]]


def compare(sides: Sequence[Side], split: str = "test", examples: int = 3) -> dict[str, Any]:
    """{schema_version, split, runs, comparisons: [{run, against, tasks}]}: each further run against the first.

    `tasks.<task>`: `rows`, `metrics.<metric>` (values, difference with interval, two-sided p; the primary one's after
    Holm's correction over the tasks), `flips` (see `flips`). A task that cannot be compared has `why` instead.

    Raises:
        BundleError: fewer than two runs, no such split, or no task in common on the same rows.
    """
    if len(sides) < 2:
        problem = describe("two runs or more", len(sides), "name them: xinyi compare RUN RUN")
        raise BundleError([problem], title=TITLE)
    if missing := [side.name for side in sides if split not in side.answers]:
        remedy = "evaluate again with this version, or choose another --split"
        raise BundleError([describe(f"answers of the split {split}", "none", remedy, name) for name in missing], TITLE)
    first = sides[0]
    found = [
        {"run": side.name, "against": first.name, "tasks": _tasks(side, first, split, examples)} for side in sides[1:]
    ]
    reasons = [task.get("why") for one in found for task in one["tasks"].values()]
    if not reasons or all(reasons):
        got = next(iter(reasons), "no task in common")
        problem = describe("runs that answered the same rows", got, "evaluate one on the other's data")
        raise BundleError([problem], title=TITLE)
    return {"schema_version": SCHEMA_VERSION, "split": split, "runs": [s.name for s in sides], "comparisons": found}


def _tasks(ours: Side, theirs: Side, split: str, examples: int) -> dict[str, Any]:
    tasks = {}
    for task in ours.answers[split].tasks:
        try:
            decodings = (ours.report["decoding"][task], theirs.report["decoding"][task])
            pair = make_pair(ours.answers[split], theirs.answers[split], task, decodings)
        except OtherRows as error:
            tasks[task] = {"why": str(error)}
        except (KeyError, TypeError, ValueError, ArithmeticError):
            tasks[task] = {"why": f"one of the two lacks task {task} or its decoding"}
        else:
            tasks[task] = _task(pair, task, split, ours, theirs, examples)
    _correct(tasks)
    return tasks


def _task(pair: Pair, task: str, split: str, ours: Side, theirs: Side, examples: int) -> dict[str, Any]:
    texts = ours.texts.get(split)
    own = None if texts is None else [texts[row] for row in pair.positions]
    metrics = {metric.name: _metric(pair, metric.name, f"{task} {split}") for metric in metrics_for(pair.kind)}
    primary = ours.report.get("primary", {}).get(task)
    return {
        "rows": len(pair),
        "primary": primary,
        "metrics": {name: found for name, found in metrics.items() if found},
        "flips": flips(pair, own, examples=examples),
    }


def _metric(pair: Pair, metric: str, name: str) -> dict[str, Any] | None:
    """One metric's two values and their difference; None where it is not defined on these rows."""
    try:
        found = asdict(difference(pair, metric, name=f"{name} {metric}"))
    except NoDifference:
        return None
    ours, theirs = found.pop("values")
    keys = ("value", "low", "high", "test", "n")
    return {"run": ours, "against": theirs, "p": found["both"], **{key: found[key] for key in keys}}


def _correct(tasks: Mapping[str, Any]) -> None:
    """Correct the p-values of the primary metrics over the tasks (Holm).

    The other metrics look at the same rows once more: they explain and decide nothing, and would only blunt the test.
    """
    entries = {(task, name): e for task, found in tasks.items() for name, e in found.get("metrics", {}).items()}
    first = [entry for (task, name), entry in entries.items() if name == tasks[task]["primary"]]
    for entry, p in zip(first, holm([entry["p"] for entry in first]), strict=True):
        entry["p"] = p
