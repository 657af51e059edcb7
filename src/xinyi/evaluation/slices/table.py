"""The metrics of each slice, with interval and n; a slice with too few rows says so and has no numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.bootstrap import estimates, make_units
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.tasks.spec import TaskSpec

# What a slice is measured by, besides the task's primary metric.
SHOWN = {
    "single": ("macro_f1", "accuracy"),
    "ordinal": ("macro_f1", "accuracy", "mae"),
    "multi": ("macro_f1", "micro_f1", "subset_accuracy"),
}
# Slices are many and their intervals wide: fewer resamples tell as much.
RESAMPLES = 400


def slice_table(
    spec: TaskSpec,
    gold: NDArray,
    predicted: NDArray,
    probs_BC: NDArray,
    attributes: Mapping[str, Sequence[str | None]],
    conversations: NDArray[np.int64] | None,
    settings: EvaluationSettings,
    name: str = "",
) -> dict[str, dict[str, Any]]:
    """`{slice: {value: {n, metrics: {metric: {value, low, high, n}}, too_small}}}`, the largest values first.

    attributes: slice name → one value a row (see `attributes`; None or "": in no slice). Rows are those that
    have the task's label. conversations: see `make_units`.
    """
    metrics = tuple(dict.fromkeys((spec.primary, *SHOWN[spec.kind])))
    settings = replace(settings, resamples=min(settings.resamples, RESAMPLES))
    table: dict[str, dict[str, Any]] = {}
    for attribute, values in attributes.items():
        counts = Counter(value for value in values if value)
        table[attribute] = {}
        for value, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            if n < settings.least_slice:
                table[attribute][value] = _small(n, metrics, settings)
                continue
            rows = np.flatnonzero(np.array([found == value for found in values]))
            units = make_units(gold[rows], None if conversations is None else conversations[rows])
            part = (gold[rows], predicted[rows], probs_BC[rows], units, settings)
            found = estimates(spec.kind, *part, f"{name} {attribute} {value}", only=metrics)
            table[attribute][value] = {"n": n, "metrics": found, "too_small": False}
    return table


def _small(n: int, metrics: Sequence[str], settings: EvaluationSettings) -> dict[str, Any]:
    """A slice about which nothing can be said."""
    why = f"{n} rows are too few to tell: at least {settings.least_slice} are needed"
    nothing = {"value": None, "low": None, "high": None, "n": n, "why": why}
    return {"n": n, "metrics": {metric: dict(nothing) for metric in metrics}, "too_small": True}
