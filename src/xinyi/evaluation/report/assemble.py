"""Stored predictions to one report: plain primitives in the shape of `xinyi.evaluation.schema`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from xinyi.evaluation.answers import answers_of
from xinyi.evaluation.behaviour.outcome import behaviour_tables
from xinyi.evaluation.predictions import read_predictions
from xinyi.evaluation.report.entry import evaluate_task
from xinyi.evaluation.report.words import main_split
from xinyi.evaluation.schema import RUN_KEYS, SCHEMA_VERSION, validate
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.evaluation.slices import split_slices
from xinyi.tasks.decode import Decoding

# What a reader needs of data.json to judge the numbers; no texts stand in there.
DATA_KEYS = (
    "name",
    "card",
    "fingerprint",
    "sources",
    "split_made",
    "personal_data",
    "problems",
    "checks",
    "normaliser",
    "masker",
    "encoding",
)


def build(
    predictions: Mapping[str, Path],
    decodings: Mapping[str, Decoding],
    run: Mapping[str, Any],
    data: Mapping[str, Any],
    settings: EvaluationSettings | None = None,
    behaviour: Path | None = None,
    cost: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Evaluate every split and task and return a validated report.

    Args:
        predictions: split → its predictions file.
        decodings: task id → how its logits become answers; a task without one is decoded plainly.
        run: what is known about the run (see `schema.RUN_KEYS`; unknown keys are kept, missing ones become null).
        data: the content of data.json.
        settings: how intervals and lists are made.
        behaviour: the answers to the behaviour suites (see `evaluation.behaviour`); they stand with the main split.
        cost: what the model takes: `train_seconds`, `parameters`, `bytes`, `latency_ms`; unknown ones are left out.

    Raises:
        BundleError: predictions cannot be read, or the result is not a valid report.
    """
    settings = settings or EvaluationSettings()
    read = {split: read_predictions(path) for split, path in predictions.items()}
    specs = {name: task.spec for found in read.values() for name, task in found.tasks.items()}
    used = {name: decodings.get(name, Decoding()) for name in specs}
    tasks: dict[str, dict[str, Any]] = {name: {} for name in specs}
    main = main_split(read)
    # A text that was not masked has no place in a report, which travels further than the data.
    shown = replace(settings, texts=settings.texts and data.get("masked") is not False)
    tables = behaviour_tables(behaviour, used, shown) if behaviour else {}
    slices = {split: split_slices(found) for split, found in read.items()}
    for split, found in read.items():
        for name in found.tasks:
            own = tables.get(name, {}) if split == main else {}
            tasks[name][split] = evaluate_task(found, name, used[name], data, shown, slices[split], own)
    report = {
        "schema_version": SCHEMA_VERSION,
        "run": {**dict.fromkeys(RUN_KEYS), **run, "tasks": list(specs)},
        "data": {**{key: data[key] for key in DATA_KEYS if key in data}, "splits": dict(data.get("splits", {}))},
        "primary": {name: spec.primary for name, spec in specs.items()},
        "task_specs": {name: spec.to_dict() for name, spec in specs.items()},
        "tasks": tasks,
        "decoding": {name: decoding.to_dict() for name, decoding in used.items()},
        "settings": settings.to_dict(),
        "cost": dict(cost or {}),
        "answers": {split: answers_of(found, slices[split]).digest() for split, found in read.items()},
    }
    report = _plain(report)
    validate(report)
    return report


def _plain(value: Any) -> Any:
    """Dicts, lists and Python numbers only: what JSON holds."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value.item() if isinstance(value, np.generic) else value
