"""What a report says of one task that its answers alone decide: made once with the report, and again by a gate.

Numpy alone: a gate runs without the training stack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.baseline import baseline, train_counts
from xinyi.evaluation.bootstrap import estimates, make_units
from xinyi.evaluation.calibration import calibrate
from xinyi.evaluation.metrics.scored import Scored
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.evaluation.slices.table import slice_table
from xinyi.evaluation.tables import confusion, per_label
from xinyi.tasks.decode import Decoding, predict, probabilities
from xinyi.tasks.spec import TaskSpec


def measured(
    spec: TaskSpec,
    gold: NDArray[np.int64],
    logits_BC: NDArray[np.float32],
    decoding: Decoding,
    units_B: NDArray[np.int64],
    slices: Mapping[str, Sequence[str | None]],
    data: Mapping[str, Any],
    settings: EvaluationSettings,
    split: str,
) -> dict[str, Any]:
    """{rows, units, metrics, baseline, per_label, confusion, slices, calibration} over the labelled rows of a split.

    Args:
        gold: (B,) label indices, or (B, C) 0/1. units_B: number of each row's conversation (see `Predictions.units`).
        slices: slice → one value a row (None or "": in no value). data: with the training rows' label counts, if known.

    The same arguments give the same numbers, on another machine but for rounding.
    """
    probs_BC = probabilities(logits_BC, spec.kind, decoding.temperature)
    answered = (gold, predict(probs_BC, spec.kind, decoding.thresholds), probs_BC)
    units, counts, name = make_units(gold, units_B), train_counts(data, spec), f"{spec.id} {split}"
    return {
        "rows": len(gold),
        "units": {"name": units.name, "n": len(units)},
        "metrics": estimates(spec.kind, *answered, units, settings, name),
        "baseline": baseline(spec, gold, *counts) if counts and len(gold) else {},
        "per_label": per_label(spec, Scored.of(*answered), units_B),
        "confusion": confusion(spec, *answered[:2]),
        "slices": slice_table(spec, *answered, slices, units_B, settings, name),
        "calibration": calibrate(*answered, units, settings, decoding.temperature, name),
    }
