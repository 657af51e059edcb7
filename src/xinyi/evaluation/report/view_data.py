"""What the page shows of the data and of what the model costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from xinyi.evaluation.report import svg
from xinyi.evaluation.report.language import both
from xinyi.evaluation.report.terms import COSTS, KNOWN, SPLITS

DATA_KEYS = ("name", "card", "split_made", "personal_data", "sources", "problems")
SHOWN_LABELS = 12


def data(report: Mapping[str, Any], names: Mapping[str, Mapping[str, Markup]]) -> dict[str, Any]:
    """The data card. names: task → label → its name."""
    found = report["data"]
    train = found.get("splits", {}).get("train") or {}
    return {
        **dict.fromkeys(DATA_KEYS),
        **found,
        "splits": [_split(name, about) for name, about in found.get("splits", {}).items()],
        "known": [_known(key, value) for key, value in (found.get("card") or {}).items()],
        "labels": [
            _labels(task, counts, names[task]) for task, counts in train.get("labels", {}).items() if task in names
        ],
        "masked": [(kind, n) for kind, n in (found.get("personal_data") or {}).items() if n],
    }


def _split(name: str, about: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": both(name, SPLITS.get(name, name)),
        "rows": about.get("rows"),
        "characters": about.get("characters") or {},
        "fingerprint": str(about.get("fingerprint") or "")[:12],
    }


def _known(key: str, value: Any) -> tuple[Markup, list[str]]:
    """What the data's own card says under a key, one text for each entry of a list."""
    return both(key, KNOWN.get(key, "")), [str(text) for text in (value if isinstance(value, list) else [value])]


def _labels(task: str, counts: Mapping[str, int], names: Mapping[str, Markup]) -> dict[str, Any]:
    """Rows of each label in training, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    most, total = max(counts.values(), default=1) or 1, sum(counts.values()) or 1
    rows = [
        {
            "name": names.get(label, both(label)),
            "n": n,
            "bar": svg.share_bar(n / most, f"{label} {n}"),
            "share": n / total,
        }
        for label, n in ordered
    ]
    return {"task": task, "rows": rows[:SHOWN_LABELS], "more": rows[SHOWN_LABELS:]}


def cost(report: Mapping[str, Any]) -> list[tuple[Markup, str]]:
    """What the run took and what it ran on; unknown entries are left out."""
    run, found = report["run"], report.get("cost") or {}
    seconds, parameters = run.get("train_seconds"), run.get("parameters")
    timed = found.get("latency_ms") or {}
    entries = [
        ("training", None if seconds is None else _duration(seconds)),
        ("parameters", None if parameters is None else f"{parameters / 1e6:,.1f} M"),
        *((name, f"{size / 1e6:,.1f} MB") for name, size in (found.get("bytes") or {}).items()),
        ("one text, median", _milliseconds(timed.get("p50"))),
        ("one text, 95th percentile", _milliseconds(timed.get("p95"))),
        ("measured on", timed.get("on")),
        ("backbone", run.get("backbone")),
        ("device", run.get("device")),
        ("precision", run.get("precision")),
        ("seed", run.get("seed")),
        ("git commit", str(run.get("git_commit") or "")[:12] or None),
    ]
    return [(both(name, COSTS.get(name, name)), str(value)) for name, value in entries if value is not None]


def _duration(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"


def _milliseconds(estimate: Mapping[str, float] | None) -> str | None:
    return f"{estimate['value']:,.1f} ms ({estimate['low']:,.1f}–{estimate['high']:,.1f})" if estimate else None
