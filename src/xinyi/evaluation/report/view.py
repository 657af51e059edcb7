"""What the HTML page shows, worked out beforehand, so that the template only lays out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from xinyi.evaluation.metrics.table import METRICS
from xinyi.evaluation.report import svg
from xinyi.evaluation.report.words import estimate_text, main_split, number_text, task_title

# Wider matrices are unreadable: their most frequent confusions are listed instead.
WIDEST_MATRIX = 40
WIDEST_WITH_NUMBERS = 25
PAIRS = 8
DATA_KEYS = ("name", "split_made", "personal_data", "sources", "problems")
ANSWERS = ("fail", "undecided", "pass")


def page_view(report: Mapping[str, Any], gate: Mapping[str, Any] | None) -> dict[str, Any]:
    """The template's variables."""
    return {
        "run": report["run"],
        "verdict": gate["verdict"] if gate else None,
        "outcomes": sorted(gate["outcomes"], key=lambda found: ANSWERS.index(found["answer"])) if gate else [],
        "counts": {answer: gate["counts"][answer] for answer in ANSWERS} if gate else {},
        "tasks": [_task(report, task) for task in report["tasks"]],
        "confidence": f"{report.get('settings', {}).get('confidence', 0.95) * 100:g} %",
        "data": {**dict.fromkeys(DATA_KEYS), **report["data"]},
        "splits": _splits(report),
        "cost": _cost(report["run"]),
        "number": number_text,
    }


def _task(report: Mapping[str, Any], task: str) -> dict[str, Any]:
    spec, splits = report["task_specs"][task], report["tasks"][task]
    names = {label["id"]: label["zh"] or label["id"] for label in spec["labels"]}
    main, primary = main_split(splits), report["primary"][task]
    shown = [_split(name, splits[name], spec, names, primary) for name in ([main] if main else [])]
    others = [_split(name, splits[name], spec, names, primary) for name in splits if name != main]
    decoding = report["decoding"].get(task, {})
    return {
        "id": task,
        "title": task_title(spec),
        "kind": spec["kind"],
        "labels": len(names),
        "texts": any(found["text"] for entry in splits.values() for found in entry["errors"]),
        "main": shown[0] if shown else None,
        "others": others,
        "temperature": number_text(decoding.get("temperature")),
        "thresholds": list(zip(names.values(), decoding.get("thresholds", []), strict=False)),
    }


def _split(
    name: str, entry: Mapping[str, Any], spec: Mapping[str, Any], names: Mapping[str, str], primary: str
) -> dict[str, Any]:
    metrics = [_metric(metric, found, entry["baseline"].get(metric)) for metric, found in entry["metrics"].items()]
    metrics.sort(key=lambda row: row["name"] != primary)
    multi = spec["kind"] == "multi"
    calibration = entry["calibration"]
    units = entry.get("units", {})
    return {
        "name": name,
        "rows": entry.get("rows"),
        "units": f"{units.get('n')} {units.get('name')}s" if units.get("name") == "conversation" else "",
        "metrics": metrics,
        "primary": metrics[0] if metrics and metrics[0]["name"] == primary else None,
        "labels": [_label(row) for row in entry["per_label"]],
        "multi": multi,
        "matrix": _matrix(entry["confusion"], names) if not multi else None,
        "pairs": _pairs(entry["confusion"], names) if not multi else [],
        "cells": _cells(entry["confusion"], names) if multi else [],
        "ece": calibration,
        "plot": svg.reliability_plot(calibration["reliability"], f"reliability of {spec['id']} on {name}"),
        "errors": [_error(found, names, spec) for found in entry["errors"]],
        "slices": entry["slices"],
        "behaviour": entry["behaviour"],
    }


def _metric(name: str, found: Mapping[str, Any], baseline: float | None) -> dict[str, Any]:
    known = METRICS.get(name)
    row = {
        "name": name,
        "arrow": "" if known is None else "↑" if known.higher_is_better else "↓",
        "definition": known.definition if known else "",
        "value": number_text(found["value"]),
        "interval": "" if found["low"] is None else f"{number_text(found['low'])}–{number_text(found['high'])}",
        "n": found["n"],
        "why": found.get("why", ""),
        "baseline": number_text(baseline),
        "bar": "",
    }
    if known and None not in (found["value"], found["low"], found["high"]):
        start, end = _axis(known.low, known.high, [found["low"], found["high"], baseline or 0.0])
        label = f"{name} {estimate_text(found)}"
        row["bar"] = svg.interval_bar(found["low"], found["high"], found["value"], baseline, start, end, label)
    return row


def _axis(low: float, high: float, numbers: Sequence[float]) -> tuple[float, float]:
    """From 0 unless something is negative; to the metric's best or worst, or a little beyond what is shown."""
    start = low if min(numbers) < 0 else 0.0
    end = high if math.isfinite(high) else max(numbers) * 1.15
    return start, end or 1.0


def _label(row: Mapping[str, Any]) -> dict[str, Any]:
    name = row["zh"] or row["id"]
    return {
        **row,
        "name": name,
        "other": row["id"] if name != row["id"] else "",
        "bar": svg.share_bar(row["f1"], f"F1 {name}"),
    }


def _matrix(confusion: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any] | None:
    """Each cell's count and its share of the gold label's rows."""
    labels, matrix = confusion["labels"], confusion["matrix"]
    if len(labels) > WIDEST_MATRIX:
        return None
    rows = [
        [{"n": n, "share": round(n / max(1, sum(counts)), 3), "right": i == j} for j, n in enumerate(counts)]
        for i, counts in enumerate(matrix)
    ]
    titles = [names.get(label, label) for label in labels]
    return {
        "labels": titles,
        "rows": list(zip(titles, rows, strict=True)),
        "numbers": len(labels) <= WIDEST_WITH_NUMBERS,
    }


def _pairs(confusion: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The most frequent confusions."""
    labels, matrix = confusion["labels"], confusion["matrix"]
    pairs = [
        {"gold": names.get(labels[i], labels[i]), "given": names.get(labels[j], labels[j]), "n": n, "of": sum(counts)}
        for i, counts in enumerate(matrix)
        for j, n in enumerate(counts)
        if i != j and n
    ]
    return sorted(pairs, key=lambda pair: -pair["n"])[:PAIRS]


def _cells(confusion: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """One row a label: rightly given, missed, wrongly given."""
    return [
        {"name": names.get(label, label), "right": both[1][1], "missed": both[1][0], "wrong": both[0][1]}
        for label, both in zip(confusion["labels"], confusion["matrix"], strict=True)
    ]


def _error(found: Mapping[str, Any], names: Mapping[str, str], spec: Mapping[str, Any]) -> dict[str, Any]:
    empty = (spec.get("empty") or {}).get("zh") or "none"

    def words(answer: str | Sequence[str]) -> list[str]:
        labels = [answer] if isinstance(answer, str) else list(answer)
        return [names.get(label, label) for label in labels] or [empty]

    chips = {"gold": words(found["gold"]), "predicted": words(found["predicted"])}
    return {**chips, "text": found["text"], "id": found["id"], "probability": f"{found['probability']:.3f}"}


def _splits(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "rows": about.get("rows"), "fingerprint": str(about.get("fingerprint") or "")[:12]}
        for name, about in report["data"].get("splits", {}).items()
    ]


def _cost(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the run took and what it ran on; unknown entries are left out."""
    seconds, parameters = run.get("train_seconds"), run.get("parameters")
    entries = [
        ("training", None if seconds is None else f"{seconds:,.0f} s"),
        ("parameters", None if parameters is None else f"{parameters / 1e6:,.1f} M"),
        ("backbone", run.get("backbone")),
        ("device", run.get("device")),
        ("precision", run.get("precision")),
        ("seed", run.get("seed")),
        ("git commit", str(run.get("git_commit") or "")[:12] or None),
    ]
    return [(name, str(value)) for name, value in entries if value is not None]
