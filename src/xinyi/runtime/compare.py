"""Do two sets of probabilities agree? Shapes: (B, C) each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xinyi.tasks.decode import predict


@dataclass(frozen=True)
class Agreement:
    """difference: the largest of any probability, inf when one is NaN. changed: rows with another decision."""

    difference: float
    changed: tuple[int, ...]


def compare(
    expected_BC: NDArray[np.float64],
    got_BC: NDArray[np.float64],
    kind: str,
    thresholds: tuple[float, ...] = (),
    tie: float = 1e-6,
) -> Agreement:
    """Largest difference, and the rows whose decision differs though it was no tie.

    tie: a decision nearer than this to its alternative (second label, or threshold) is open: rounding alone may
    turn it.
    """
    if not len(expected_BC):
        return Agreement(0.0, ())
    gap = np.abs(expected_BC - got_BC).max()
    before, after = predict(expected_BC, kind, thresholds), predict(got_BC, kind, thresholds)
    differs = (before != after) & (_margin(expected_BC, kind, thresholds) > tie)
    rows = differs.any(axis=-1) if kind == "multi" else differs
    return Agreement(float(gap) if np.isfinite(gap) else float("inf"), tuple(map(int, np.flatnonzero(rows))))


def _margin(probs_BC: NDArray[np.float64], kind: str, thresholds: tuple[float, ...]) -> NDArray[np.float64]:
    """How far each decision is from turning: (B, C) for multi, (B,) else."""
    if kind == "multi":
        return np.abs(probs_BC - (np.asarray(thresholds) if thresholds else 0.5))
    best = np.sort(probs_BC, axis=-1)
    return best[:, -1] - best[:, -2]
