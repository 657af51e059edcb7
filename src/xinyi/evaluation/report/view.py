"""What the HTML page shows, worked out beforehand, so that the template only lays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from xinyi.evaluation.metrics.table import METRICS
from xinyi.evaluation.report import svg, svg_plots, view_data, view_parts, view_slices
from xinyi.evaluation.report.gate_words import RULES, in_chinese
from xinyi.evaluation.report.highlights import highlights
from xinyi.evaluation.report.language import both, label_name, metric_definition, metric_title
from xinyi.evaluation.report.terms import KINDS, SPLITS, VERDICTS
from xinyi.evaluation.report.words import estimate_text, main_split, number_text, percent_text, range_text
from xinyi.evaluation.settings import LANGUAGES

# Wider matrices are unreadable: their most frequent confusions are listed instead.
WIDEST_MATRIX = 40
WIDEST_WITH_NUMBERS = 25
PAIRS = 8
# Labels shown at once, the weakest first; the others fold away.
SHOWN_LABELS = 24
ANSWERS = ("fail", "undecided", "pass")
SENTENCES = ("expected", "got", "why")


def page_view(report: Mapping[str, Any], gate: Mapping[str, Any] | None) -> dict[str, Any]:
    """The template's variables."""
    settings = report.get("settings", {})
    names = {
        task: {row["id"]: label_name(row) for row in spec["labels"]} for task, spec in report["task_specs"].items()
    }
    return {
        "run": report["run"],
        "language": settings.get("language") if settings.get("language") in LANGUAGES else LANGUAGES[0],
        "verdict": gate["verdict"] if gate else None,
        "verdict_text": both(gate["verdict"], VERDICTS.get(gate["verdict"], "")) if gate else "",
        "answers": {answer: both(answer, VERDICTS[answer]) for answer in ANSWERS},
        "outcomes": _outcomes(report, gate["outcomes"]) if gate else [],
        "counts": {answer: gate["counts"][answer] for answer in ANSWERS} if gate else {},
        "tasks": [_task(report, task, names[task]) for task in report["tasks"]],
        "confidence": f"{settings.get('confidence', 0.95) * 100:g} %",
        "data": view_data.data(report, names),
        "cost": view_data.cost(report),
        "number": number_text,
        "percent": percent_text,
        "t": both,
    }


def _outcomes(report: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What did not pass first, with each sentence in both languages."""
    specs = report["task_specs"]
    return [
        {
            **one,
            **{key: both(one[key], in_chinese(key, one[key])) for key in SENTENCES},
            "task": _task_title(one["task"], specs.get(one["task"], {})),
            "rule": both(one["rule"].replace("_", " "), RULES.get(one["rule"], "")),
        }
        for one in sorted(found, key=lambda one: ANSWERS.index(one["answer"]))
    ]


def _task_title(task: str, spec: Mapping[str, Any]) -> Markup:
    return both("all tasks", "全部任务") if task == "*" else both(spec.get("en") or task, spec.get("zh") or task)


def _task(report: Mapping[str, Any], task: str, names: Mapping[str, Markup]) -> dict[str, Any]:
    spec, splits = report["task_specs"][task], report["tasks"][task]
    main, primary = main_split(splits), report["primary"][task]
    decoding = report["decoding"].get(task, {})
    return {
        "id": task,
        "title": _task_title(task, spec),
        "kind": both(spec["kind"], KINDS.get(spec["kind"], "")),
        "labels": len(names),
        "texts": any(found["text"] for entry in splits.values() for found in entry["errors"]),
        "main": _split(main, splits[main], spec, names, primary) if main else None,
        "others": [_overview(name, splits[name], primary) for name in splits if name != main],
        "highlights": highlights(report, task),
        "temperature": number_text(decoding.get("temperature"), 2),
        "thresholds": list(zip(names.values(), decoding.get("thresholds", []), strict=False)),
    }


def _overview(name: str, entry: Mapping[str, Any], primary: str) -> dict[str, Any]:
    """A split's name, size and metrics."""
    metrics = [_metric(metric, found, entry["baseline"].get(metric)) for metric, found in entry["metrics"].items()]
    metrics.sort(key=lambda row: row["name"] != primary)
    units = entry.get("units", {})
    return {
        "name": both(name, SPLITS.get(name, name)),
        "rows": entry.get("rows"),
        "units": units.get("n") if units.get("name") == "conversation" else None,
        "metrics": metrics,
        "primary": metrics[0] if metrics and metrics[0]["name"] == primary else None,
    }


def _split(
    name: str, entry: Mapping[str, Any], spec: Mapping[str, Any], names: Mapping[str, Markup], primary: str
) -> dict[str, Any]:
    multi, calibration = spec["kind"] == "multi", entry["calibration"]
    empty = label_name(spec["empty"]) if spec.get("empty") else both("none", "无")
    labels = sorted((_label(row, names) for row in entry["per_label"]), key=lambda row: (row["f1"] is None, row["f1"]))
    answering = view_parts.abstaining(entry)
    risk = (
        svg_plots.risk_plot(entry["abstaining"]["curve"], entry["abstaining"], f"risk {spec['id']}")
        if answering
        else ""
    )
    return {
        **_overview(name, entry, primary),
        "labels": labels[:SHOWN_LABELS],
        "more_labels": labels[SHOWN_LABELS:],
        "multi": multi,
        "matrix": None if multi else _matrix(entry["confusion"], names),
        "pairs": [] if multi else _pairs(entry["confusion"], names),
        "cells": _cells(entry["confusion"], names) if multi else [],
        "ece": calibration,
        "reliability": svg_plots.reliability_plot(calibration["reliability"], f"reliability {spec['id']}"),
        "answering": answering,
        "risk": risk,
        "slices": view_slices.slices(entry, primary),
        "slice_metric": metric_title(primary),
        "worst": view_slices.worst(entry),
        "behaviour": view_parts.behaviour(entry, names),
        "errors": [_error(found, names, empty) for found in entry["errors"]],
        "suspects": view_parts.suspects(entry, names, empty),
    }


def _metric(name: str, found: Mapping[str, Any], baseline: float | None) -> dict[str, Any]:
    known = METRICS.get(name)
    row = {
        "name": name,
        "title": metric_title(name),
        "arrow": "" if known is None else "↑" if known.higher_is_better else "↓",
        "definition": metric_definition(name, known.definition) if known else "",
        "value": number_text(found["value"]),
        "interval": range_text(found),
        "n": found["n"],
        "why": found.get("why", ""),
        "baseline": number_text(baseline),
        "bar": "",
    }
    if known and None not in (found["value"], found["low"], found["high"]):
        start, end = view_slices.axis(name, [found["low"], found["high"], baseline or 0.0])
        label = f"{name} {estimate_text(found)}"
        row["bar"] = svg.interval_bar(found["low"], found["high"], found["value"], baseline, start, end, label)
    return row


def _label(row: Mapping[str, Any], names: Mapping[str, Markup]) -> dict[str, Any]:
    recall = {"value": row["recall"], "low": row["recall_low"], "high": row["recall_high"]}
    bar = ""
    if recall["low"] is not None and row["recall"] is not None:
        ends = (recall["low"], recall["high"], recall["value"])
        bar = svg.interval_bar(*ends, None, 0.0, 1.0, f"recall {row['id']} {estimate_text(recall)}")
    return {**row, "name": names.get(row["id"], both(row["id"])), "bar": bar, "range": range_text(recall, 2)}


def _matrix(confusion: Mapping[str, Any], names: Mapping[str, Markup]) -> dict[str, Any] | None:
    """Each cell's count and its share of the gold label's rows."""
    labels, matrix = confusion["labels"], confusion["matrix"]
    if len(labels) > WIDEST_MATRIX:
        return None
    rows = [
        [{"n": n, "share": round(n / max(1, sum(counts)), 3), "right": i == j} for j, n in enumerate(counts)]
        for i, counts in enumerate(matrix)
    ]
    titles = [names.get(label, both(label)) for label in labels]
    numbers = len(labels) <= WIDEST_WITH_NUMBERS
    return {
        "labels": titles,
        "rows": list(zip(titles, rows, strict=True)),
        "numbers": numbers,
        "wide": len(labels) > 12,
    }


def _pairs(confusion: Mapping[str, Any], names: Mapping[str, Markup]) -> list[dict[str, Any]]:
    """The most frequent confusions."""
    labels, matrix = confusion["labels"], confusion["matrix"]
    pairs = [
        {"gold": names.get(labels[i], labels[i]), "given": names.get(labels[j], labels[j]), "n": n, "of": sum(counts)}
        for i, counts in enumerate(matrix)
        for j, n in enumerate(counts)
        if i != j and n
    ]
    return sorted(pairs, key=lambda pair: -pair["n"])[:PAIRS]


def _cells(confusion: Mapping[str, Any], names: Mapping[str, Markup]) -> list[dict[str, Any]]:
    """One row a label: rightly given, missed, wrongly given."""
    return [
        {"name": names.get(label, label), "right": cell[1][1], "missed": cell[1][0], "wrong": cell[0][1]}
        for label, cell in zip(confusion["labels"], confusion["matrix"], strict=True)
    ]


def _error(found: Mapping[str, Any], names: Mapping[str, Markup], empty: Markup) -> dict[str, Any]:
    answers: dict[str, Sequence[Markup]] = {
        key: view_parts.chips(found[key], names, empty) for key in ("gold", "predicted")
    }
    return {**answers, "text": found["text"], "id": found["id"], "probability": f"{found['probability']:.3f}"}
