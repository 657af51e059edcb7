"""The report for a pull request: one short Markdown page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xinyi.evaluation.metrics.table import METRICS
from xinyi.evaluation.report.words import (
    estimate_text,
    headline,
    main_split,
    number_text,
    passed_share,
    percent_text,
    task_title,
)

WORST_LABELS = 5
WORST_SLICES = 3
WORST_TESTS = 5


def render_markdown(report: Mapping[str, Any], gate: Mapping[str, Any] | None = None) -> str:
    """Verdict, one line a task, then each task's metrics and weakest labels."""
    lines = [f"# {_cell(report['run'].get('name') or 'Evaluation')}", ""]
    if gate:
        lines += [f"**Verdict: {gate['verdict']}** ({_counts(gate)})", ""]
    lines += [f"- {_cell(line)}" for line in headline(report)]
    if report["run"].get("embedded_random"):
        lines += ["", "> The encoder was initialised at random: these numbers show that the pipeline works, no more."]
    for task in report["tasks"]:
        lines += ["", *_task(report, task)]
    if problems := report["data"].get("problems"):
        lines += ["", "## Data findings", "", *(f"- {_cell(text)}" for text in problems)]
    return "\n".join(lines) + "\n"


def _task(report: Mapping[str, Any], task: str) -> Iterator[str]:
    split = main_split(report["tasks"][task])
    yield f"## {_cell(task_title(report['task_specs'][task]))}"
    if split is None:
        yield "\nNot evaluated."
        return
    entry = report["tasks"][task][split]
    yield f"\n{split}, {entry.get('rows', '?')} labelled rows\n"
    share = report.get("settings", {}).get("confidence", 0.95)
    yield f"| metric | value ({share * 100:g} % interval) | constant answer |\n|---|---|---|"
    for name, estimate in entry["metrics"].items():
        better = "↑" if name not in METRICS or METRICS[name].higher_is_better else "↓"
        yield f"| {name} {better} | {estimate_text(estimate)} | {number_text(entry['baseline'].get(name))} |"
    weakest = sorted((r for r in entry["per_label"] if r["f1"] is not None), key=lambda row: row["f1"])[:WORST_LABELS]
    yield "\n| weakest labels | F1 | precision | recall | rows |\n|---|---|---|---|---|"
    for row in weakest:
        numbers = " | ".join(number_text(row[key]) for key in ("f1", "precision", "recall"))
        yield f"| {_cell(row['zh'] or row['id'])} | {numbers} | {row['support']} |"
    yield from _beyond(entry)


def _beyond(entry: Mapping[str, Any]) -> Iterator[str]:
    """Slices that are clearly worse, tests that fail most, and what is answered at the fitted threshold."""
    slices = entry.get("worst_slices") or {"found": [], "loss": ""}
    if worse := [row for row in slices["found"] if row["worse"]][:WORST_SLICES]:
        yield f"\n| clearly worse slices | rows | {slices['loss']} | elsewhere |\n|---|---|---|---|"
        for row in worse:
            named = " + ".join(f"{name} = {value}" for name, value in row["slice"].items())
            yield f"| {_cell(named)} | {row['n']} | {number_text(row['value'], 2)} | {number_text(row['rest'], 2)} |"
    tests = [(suite, name, found) for suite, group in entry["behaviour"].items() for name, found in group.items()]
    if tests:
        tests.sort(key=lambda test: passed_share(test[2]))
        yield "\n| behaviour, lowest pass rates | cases | pass | flips |\n|---|---|---|---|"
        for suite, name, found in tests[:WORST_TESTS]:
            rates = " | ".join(percent_text(found[rate]["value"]) for rate in ("pass_rate", "flip_rate"))
            yield f"| {_cell(suite)}: {_cell(found.get('en') or name)} | {found['n']} | {rates} |"
    answering = entry.get("abstaining") or {}
    if answering.get("target") and answering.get("coverage"):
        target, got = answering["target"], answering["coverage"]["value"]
        wrong = percent_text(answering["risk"]["value"])
        wanted = f"at most {percent_text(target['risk'])} wrong, {percent_text(target['coverage'])} answered"
        yield f"\nAbstaining: wanted {wanted}; answers {percent_text(got)}, {wrong} of them wrong."


def _counts(gate: Mapping[str, Any]) -> str:
    return ", ".join(f"{number} {answer}" for answer, number in gate["counts"].items())


def _cell(text: object) -> str:
    """Text that cannot break out of a table cell or become markup."""
    safe = str(text).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return " ".join(safe.split())
