"""One task on one split: what a report says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xinyi.evaluation.abstaining import abstaining
from xinyi.evaluation.baseline import baseline, train_counts
from xinyi.evaluation.bootstrap import estimates, make_units
from xinyi.evaluation.calibration import calibrate
from xinyi.evaluation.errors import confident_mistakes
from xinyi.evaluation.label_issues import label_issues
from xinyi.evaluation.metrics.scored import Scored
from xinyi.evaluation.predictions import Predictions
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.evaluation.slices import slice_table, worst_slices
from xinyi.evaluation.tables import confusion, per_label
from xinyi.tasks.decode import Decoding, predict, probabilities


def evaluate_task(
    found: Predictions,
    name: str,
    decoding: Decoding,
    data: Mapping[str, Any],
    settings: EvaluationSettings,
    slices: Mapping[str, Sequence[str | None]],
    behaviour: Mapping[str, Any],
) -> dict[str, Any]:
    """A report's entry, over the rows that have the task's label.

    slices: slice name → one value a row of the split. behaviour is put in as it is.
    """
    task, split = found.tasks[name], found.split
    spec, rows = task.spec, np.flatnonzero(task.present)
    gold = task.gold[rows]
    probs_BC = probabilities(task.logits_BC[rows], spec.kind, decoding.temperature)
    predicted = predict(probs_BC, spec.kind, decoding.thresholds)
    conversations = [column[row] for row in rows] if (column := found.meta.get("conversation_id")) else None
    units, counts = make_units(gold, conversations), train_counts(data, spec)
    label = f"{spec.id} {split}"
    answered = (gold, predicted, probs_BC)
    ids, texts = [found.ids[row] for row in rows], [found.texts[row] if settings.texts else "" for row in rows]
    parts = {attribute: [values[row] for row in rows] for attribute, values in slices.items()}
    return {
        "rows": len(rows),
        "units": {"name": units.name, "n": len(units)},
        "metrics": estimates(spec.kind, *answered, units, settings, label),
        "baseline": baseline(spec, gold, *counts) if counts and len(rows) else {},
        "per_label": per_label(spec, Scored.of(*answered)),
        "confusion": confusion(spec, gold, predicted),
        "slices": slice_table(spec, *answered, parts, conversations, settings, label),
        "worst_slices": worst_slices(
            spec.kind, gold, predicted, parts, units, settings.least_slice, settings.confidence
        ),
        "behaviour": dict(behaviour),
        "calibration": calibrate(*answered, units, settings, decoding.temperature, label),
        "abstaining": abstaining(found, name, decoding, settings),
        "errors": confident_mistakes(spec, ids, texts, *answered, settings.errors),
        "label_issues": label_issues(spec, ids, texts, *answered, settings.errors),
    }
