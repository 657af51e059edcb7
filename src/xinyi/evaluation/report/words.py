"""Numbers and names as people read them; shared by the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PREFERENCE = ("test", "validation", "train")


def main_split(splits: Mapping[str, Any]) -> str | None:
    """The split that a page is about: test, else validation, else whatever there is."""
    return next((name for name in (*PREFERENCE, *splits) if name in splits), None)


def number_text(value: float | None, digits: int = 3) -> str:
    """A number with so many decimals, a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}"


def estimate_text(estimate: Mapping[str, Any]) -> str:
    """`0.712 (0.684–0.739)`; without the part that is unknown."""
    if estimate["value"] is None:
        return "–"
    if estimate["low"] is None or estimate["high"] is None:
        return number_text(estimate["value"])
    return f"{number_text(estimate['value'])} ({number_text(estimate['low'])}–{number_text(estimate['high'])})"


def percent_text(value: float | None) -> str:
    """A share in percent, a dash for none."""
    if value is None:
        return "–"
    shown = f"{100 * value:.1f}"
    return f"{shown.removesuffix('.0')} %"


def passed_share(test: Mapping[str, Any]) -> float:
    """The share of a behaviour test's cases that pass; one without a case shows nothing, and counts as failed."""
    return test["pass_rate"]["value"] or 0.0


def range_text(estimate: Mapping[str, Any], digits: int = 3) -> str:
    """`0.68–0.74`; empty where there is no interval."""
    if estimate["low"] is None or estimate["high"] is None:
        return ""
    return f"{number_text(estimate['low'], digits)}–{number_text(estimate['high'], digits)}"


def task_title(spec: Mapping[str, Any]) -> str:
    """`sentiment 情感`."""
    names = [spec["id"], spec.get("zh") or ""]
    return " ".join(dict.fromkeys(name for name in names if name))


def headline(report: Mapping[str, Any]) -> list[str]:
    """One sentence a task: its primary metric with interval, rows and what a constant answer scores."""
    lines = []
    for task, splits in report["tasks"].items():
        split, metric = main_split(splits), report["primary"][task]
        title = task_title(report["task_specs"][task])
        estimate = splits[split]["metrics"].get(metric) if split else None
        if estimate is None or estimate["value"] is None:
            lines.append(f"{title}: no {metric} ({(estimate or {}).get('why', 'not evaluated')})")
            continue
        constant = splits[split]["baseline"].get(metric)
        against = "" if constant is None else f"; a constant answer scores {number_text(constant)}"
        lines.append(f"{title}: {metric} {estimate_text(estimate)} on {estimate['n']} {split} rows{against}")
    return lines
