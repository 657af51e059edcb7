"""Stored predictions to one report: plain primitives in the shape of `xinyi.evaluation.schema`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from xinyi.evaluation.answers import answers_of
from xinyi.evaluation.baseline import baseline, train_counts
from xinyi.evaluation.bootstrap import estimates, make_units
from xinyi.evaluation.calibration import calibrate
from xinyi.evaluation.errors import confident_mistakes
from xinyi.evaluation.metrics.scored import Scored
from xinyi.evaluation.predictions import Predictions, TaskPredictions, read_predictions
from xinyi.evaluation.schema import RUN_KEYS, SCHEMA_VERSION, validate
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.evaluation.tables import confusion, per_label
from xinyi.tasks.decode import Decoding, predict, probabilities

# What a reader needs of data.json to judge the numbers; no texts stand in there.
DATA_KEYS = (
    "name",
    "fingerprint",
    "sources",
    "split_made",
    "personal_data",
    "problems",
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
) -> dict[str, Any]:
    """Evaluate every split and task and return a validated report.

    Args:
        predictions: split → its predictions file.
        decodings: task id → how its logits become answers; a task without one is decoded plainly.
        run: what is known about the run (see `schema.RUN_KEYS`; unknown keys are kept, missing ones become null).
        data: the content of data.json.
        settings: how intervals and lists are made.

    Raises:
        BundleError: predictions cannot be read, or the result is not a valid report.
    """
    settings = settings or EvaluationSettings()
    read = {split: read_predictions(path) for split, path in predictions.items()}
    specs = {name: task.spec for found in read.values() for name, task in found.tasks.items()}
    used = {name: decodings.get(name, Decoding()) for name in specs}
    tasks: dict[str, dict[str, Any]] = {name: {} for name in specs}
    for split, found in read.items():
        for name, task in found.tasks.items():
            tasks[name][split] = _evaluate(found, task, used[name], split, data, settings)
    report = {
        "schema_version": SCHEMA_VERSION,
        "run": {**dict.fromkeys(RUN_KEYS), **run, "tasks": list(specs)},
        "data": {**{key: data[key] for key in DATA_KEYS if key in data}, "splits": dict(data.get("splits", {}))},
        "primary": {name: spec.primary for name, spec in specs.items()},
        "task_specs": {name: spec.to_dict() for name, spec in specs.items()},
        "tasks": tasks,
        "decoding": {name: decoding.to_dict() for name, decoding in used.items()},
        "settings": settings.to_dict(),
        "answers": {split: answers_of(found).digest() for split, found in read.items()},
    }
    report = _plain(report)
    validate(report)
    return report


def _evaluate(
    found: Predictions,
    task: TaskPredictions,
    decoding: Decoding,
    split: str,
    data: Mapping[str, Any],
    settings: EvaluationSettings,
) -> dict[str, Any]:
    """One task on one split, over the rows that have this task's label."""
    spec, rows = task.spec, np.flatnonzero(task.present)
    gold = task.gold[rows]
    probs_BC = probabilities(task.logits_BC[rows], spec.kind, decoding.temperature)
    predicted = predict(probs_BC, spec.kind, decoding.thresholds)
    conversations = found.meta.get("conversation_id")
    units = make_units(gold, None if conversations is None else [conversations[row] for row in rows])
    name, counts = f"{spec.id} {split}", train_counts(data, spec)
    scored = Scored.of(gold, predicted, probs_BC)
    # A text that was not masked has no place in a report, which travels further than the data.
    shown = settings.texts and data.get("masked") is not False
    ids, texts = [found.ids[row] for row in rows], [found.texts[row] if shown else "" for row in rows]
    return {
        "rows": len(rows),
        "units": {"name": units.name, "n": len(units)},
        "metrics": estimates(spec.kind, gold, predicted, probs_BC, units, settings, name),
        "baseline": baseline(spec, gold, *counts) if counts and len(rows) else {},
        "per_label": per_label(spec, scored),
        "confusion": confusion(spec, gold, predicted),
        "slices": {},
        "behaviour": {},
        "calibration": calibrate(gold, predicted, probs_BC, units, settings, decoding.temperature, name),
        "errors": confident_mistakes(spec, ids, texts, gold, predicted, probs_BC, settings.errors),
    }


def _plain(value: Any) -> Any:
    """Dicts, lists and Python numbers only: what JSON holds."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value.item() if isinstance(value, np.generic) else value
