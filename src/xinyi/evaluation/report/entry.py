"""One task on one split: what a report says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xinyi.evaluation.abstaining import abstaining
from xinyi.evaluation.bootstrap import make_units
from xinyi.evaluation.errors import confident_mistakes
from xinyi.evaluation.label_issues import label_issues
from xinyi.evaluation.measured import measured
from xinyi.evaluation.predictions import Predictions
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.evaluation.slices import worst_slices
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
    task = found.tasks[name]
    spec, rows = task.spec, np.flatnonzero(task.present)
    gold, logits_BC, units_B = task.gold[rows], task.logits_BC[rows], found.units[rows]
    probs_BC = probabilities(logits_BC, spec.kind, decoding.temperature)
    predicted = predict(probs_BC, spec.kind, decoding.thresholds)
    answered, units = (gold, predicted, probs_BC), make_units(gold, units_B)
    ids, texts = [found.ids[row] for row in rows], [found.texts[row] if settings.texts else "" for row in rows]
    parts = {attribute: [values[row] for row in rows] for attribute, values in slices.items()}
    return {
        **measured(spec, gold, logits_BC, decoding, units_B, parts, data, settings, found.split),
        "worst_slices": worst_slices(
            spec.kind, gold, predicted, parts, units, settings.least_slice, settings.confidence
        ),
        "behaviour": dict(behaviour),
        "abstaining": abstaining(found, name, decoding, settings),
        "errors": confident_mistakes(spec, ids, texts, *answered, settings.errors),
        "label_issues": label_issues(spec, ids, texts, *answered, settings.errors),
    }
