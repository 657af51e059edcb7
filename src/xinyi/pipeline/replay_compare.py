"""Two records of what should be one and the same run: what differs, where first, and what may be the reason."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SCHEMA_VERSION = 1
# Facts of a run that its seed decides, and those that may be the reason for a difference.
_NUMBERS = ("steps", "epochs", "best_validation")
_REASONS = ("device", "threads", "precision", "git_commit", "out_of_memory")

Record = Mapping[str, Any]


def compare(before: Record, after: Record) -> dict[str, Any]:
    """The comparison of a run's record with that of its replay.

    Args:
        before, after: `report` (report.json), `data` (data.json), `epochs` (lines of epochs.jsonl), `weights` (hash).

    Returns:
        `schema_version`, `same`, `compared` (how many numbers), `differences` ({where, before, after}), `first` (the
        first validation with another number: {epoch, step, metric, before, after}, or null), `weights` ({before,
        after, same}; same is null where the record has none), `reasons` ({what, before, after}).
    """
    numbers = dict(_flat(before["report"])), dict(_flat(after["report"]))
    differences = list(_differing(*numbers))
    weights = before.get("weights"), after.get("weights")
    equal = weights[0] == weights[1] if weights[0] else None
    first = first_difference(before["epochs"], after["epochs"])
    return {
        "schema_version": SCHEMA_VERSION,
        "same": not differences and equal is not False and first is None and bool(numbers[0]),
        "compared": len(numbers[0]),
        "differences": differences,
        "first": first,
        "weights": {"before": weights[0], "after": weights[1], "same": equal},
        "reasons": list(_reasons(before, after)),
    }


def first_difference(before: Sequence[str], after: Sequence[str]) -> dict[str, Any] | None:
    """The first validation of which some number is another, by the lines of epochs.jsonl; None if there is none."""
    for i in range(max(len(before), len(after)) if before else 0):
        lines = [json.loads(lines[i]) if i < len(lines) else {} for lines in (before, after)]
        for found in _differing(*lines):
            place = {key: lines[0].get(key, lines[1].get(key)) for key in ("epoch", "step")}
            return {**place, "metric": found["where"], "before": found["before"], "after": found["after"]}
    return None


def _flat(report: Record) -> Iterator[tuple[str, Any]]:
    """Every number of a report that its seed decides."""
    run = report.get("run", {})
    yield from ((f"run.{key}", run.get(key)) for key in _NUMBERS if key in run)
    yield from _leaves(report.get("decoding", {}), "decoding")
    for task, splits in report.get("tasks", {}).items():
        for split, found in splits.items():
            yield from _leaves(found.get("metrics", {}), f"{task}.{split}")


def _leaves(tree: Any, where: str) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _leaves(value, f"{where}.{key}")
    else:
        yield where, tree


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for where in dict.fromkeys([*before, *after]):
        pair = before.get(where), after.get(where)
        if pair[0] != pair[1]:
            yield {"where": where, "before": pair[0], "after": pair[1]}


def _reasons(before: Record, after: Record) -> Iterator[dict[str, Any]]:
    """Versions, device, threads and files that are others, and a backbone that was adapted by the clock."""
    runs = [record["report"].get("run", {}) for record in (before, after)]
    versions = [run.get("versions", {}) for run in runs]
    yield from ({**found, "where": f"version of {found['where']}"} for found in _differing(*versions))
    yield from _differing(*({key: run.get(key) for key in _REASONS} for run in runs))
    yield from _differing(*map(_adapted, runs))
    files = [
        {f"file {s.get('file')}": s.get("sha256") for s in record["data"].get("sources", [])}
        for record in (before, after)
    ]
    # The same rows in another order make other batches.
    yield from _differing(*files)


def _adapted(run: Record) -> dict[str, Any]:
    """The budget and the files of recipe.adapt: by minutes, steps and learning rates depend on the clock."""
    recipe = run.get("recipe")
    if not isinstance(recipe, Mapping) or not isinstance(adapted := recipe.get("adapt"), Mapping):
        return {}
    # A record without minutes is from before there was another budget.
    spent = adapted.get("minutes", "a number")
    budget = {"recipe.adapt budget": f"{adapted.get('tokens')} tokens" if spent is None else f"{spent} minutes"}
    return budget | {f"file {name} of recipe.adapt": digest for name, digest in adapted.get("files", {}).items()}
