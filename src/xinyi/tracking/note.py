"""The description at the top of a run's page: verdict and main numbers in one small table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xinyi.tracking.final import BEST_SPLITS


def describe_run(report: Mapping[str, Any], gate: Mapping[str, Any] | None = None) -> str:
    """Markdown: the verdict, and each task's primary metric with its interval beside the constant answer's."""
    lines = ["| task | rows | metric | value | interval | constant answer |", "|---|---|---|---|---|---|"]
    for task, splits in report.get("tasks", {}).items():
        split = next((name for name in BEST_SPLITS if name in splits), None)
        if split:
            lines.append(_row(task, split, splits[split], report.get("primary", {}).get(task, "")))
    return "\n".join([*_verdict(gate), *lines, "", "Details: artifacts, report/report.html"])


def _verdict(gate: Mapping[str, Any] | None) -> list[str]:
    if not gate:
        return []
    counts = ", ".join(f"{count} {answer}" for answer, count in gate.get("counts", {}).items())
    # No bold type: lists show the first words as they are.
    return [f"Verdict: {gate.get('verdict')} ({counts})", ""]


def _row(task: str, split: str, content: Mapping[str, Any], metric: str) -> str:
    entry = content.get("metrics", {}).get(metric, {})
    interval = f"{_number(entry.get('low'))} to {_number(entry.get('high'))}"
    rows = f"{split} {entry.get('n', '')}"
    constant = _number(content.get("baseline", {}).get(metric))
    return f"| {task} | {rows} | {metric} | **{_number(entry.get('value'))}** | {interval} | {constant} |"


def _number(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else "–"
