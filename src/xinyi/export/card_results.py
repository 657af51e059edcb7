"""The parts of the model card that are read off the report: numbers with intervals, slices, behaviour, limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xinyi.export.settings import Recipe

METRICS = ("macro_f1", "micro_f1", "accuracy", "quadratic_kappa", "mae")
# A behaviour test whose whole interval lies below this is named as a limit.
LEAST_PASS = 0.8


def metric_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Every split's metrics beside what a constant answer scores."""
    yield "## Metrics"
    yield ""
    if not report.get("tasks"):
        yield "Not recorded."
        yield ""
        return
    yield "Intervals as in `report/report.json`, which also has every label, slices and calibration."
    yield ""
    yield "| task | split | metric | value | interval | n | always the commonest answer |"
    yield "|---|---|---|---|---|---|---|"
    for task, splits in report["tasks"].items():
        for split, content in splits.items():
            for metric in METRICS:
                if entry := content.get("metrics", {}).get(metric):
                    constant = _figure(content.get("baseline", {}).get(metric))
                    bounds = f"{_figure(entry.get('low'))} to {_figure(entry.get('high'))}"
                    row = (cell(task), split, metric, _figure(entry.get("value")), bounds, entry.get("n"), constant)
                    yield f"| {' | '.join(map(str, row))} |"
    yield ""


def slice_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """The primary metric in every slice of the last split that has slices."""
    rows = []
    for task, split, content in _last_splits(report, "slices"):
        metric = report.get("primary", {}).get(task)
        for name, values in content["slices"].items():
            for value, found in values.items() if isinstance(values, Mapping) else ():
                if entry := (found.get("metrics") or {}).get(metric):
                    rows.append(
                        (cell(task), split, cell(f"{name} = {value}"), metric, _interval(entry), entry.get("n"))
                    )
    yield from _table("Slices", "task | split | slice | metric | value and interval | n", rows)


def behaviour_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Every behaviour test's pass rate."""
    rows = [
        (cell(task), suite, cell(name), found.get("type"), _interval(found.get("pass_rate")), found.get("n"))
        for task, suite, name, found in _tests(report)
    ]
    yield from _table("Behaviour", "task | suite | test | type | passed | n", rows)


def _tests(report: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    for task, _, content in _last_splits(report, "behaviour"):
        for suite, tests in content["behaviour"].items():
            for name, found in tests.items() if isinstance(tests, Mapping) else ():
                if isinstance(found, Mapping):
                    yield task, suite, name, found


def _last_splits(report: Mapping[str, Any], part: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each task with its test split, or its validation split where there is no test, if it has this part."""
    for task, splits in report.get("tasks", {}).items():
        split = next((name for name in ("test", "validation") if name in splits), None)
        if split and isinstance(splits[split].get(part), Mapping) and splits[split][part]:
            yield task, split, splits[split]


def _table(title: str, head: str, rows: list[tuple[Any, ...]]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    if rows:
        yield f"| {head} |"
        yield "|" + "---|" * (head.count("|") + 1)
        yield from (f"| {' | '.join(map(str, row))} |" for row in rows)
    else:
        yield "Not measured."
    yield ""


def limit_lines(recipe: Recipe, run: Mapping[str, Any], report: Mapping[str, Any]) -> Iterator[str]:
    """What the records show to be weak."""
    yield "## Limits found"
    yield ""
    cut = recipe.encoding
    yield f"- Rows over {cut.max_length} tokens are cut ({cut.truncation}; context at most {cut.context_share:.0%})."
    yield "- Other channels, products or times than those of the data above may be answered worse: measure first."
    for task, splits in report.get("tasks", {}).items():
        content = splits.get("test") or splits.get("validation") or {}
        weak = [row["id"] for row in content.get("per_label", []) if (row.get("f1") or 0.0) < 0.5]
        if weak:
            yield f"- {task}: F1 under 0.5 for {'、'.join(weak)}."
        found = (content.get("worst_slices") or {}).get("found") or []
        if worse := [_named(row["slice"]) for row in found if row.get("worse")]:
            yield f"- {task}: worse than elsewhere in {'; '.join(worse)}."
    for task, suite, name, found in _tests(report):
        rate = found.get("pass_rate") or {}
        if isinstance(high := rate.get("high"), int | float) and high < LEAST_PASS:
            yield f"- {task}: passes {_interval(rate)} of the behaviour test {suite}/{name}."
    if run.get("embedded_random"):
        yield "- Nothing was learnt before the training on the data above."
    yield ""


def _named(parts: Mapping[str, str]) -> str:
    """A slice, or a pair of them."""
    return " and ".join(f"{name} = {value}" for name, value in parts.items())


def cell(text: str) -> str:
    """Text that stays in its cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def _interval(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return "not computed"
    return f"{_figure(entry.get('value'))} ({_figure(entry.get('low'))} to {_figure(entry.get('high'))})"


def _figure(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else "not computed"
