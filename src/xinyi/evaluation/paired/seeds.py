"""Differences between two ways of training over the same seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

from xinyi.evaluation.paired.holm import holm


@dataclass(frozen=True)
class SeedDifference:
    """Mean difference over n paired seeds, its confidence interval, and the two-sided p-value.

    low, high and p are None for fewer than two pairs: one pair says nothing about the spread. mean is None for no pair.
    """

    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int

    def to_dict(self) -> dict[str, float | int | None]:
        """Plain values, as they stand in study.json."""
        return asdict(self)


def seed_difference(base: Sequence[float], other: Sequence[float], confidence: float = 0.95) -> SeedDifference:
    """Student's paired t interval of `other` - `base` (Student 1908).

    Args:
        base, other: a metric of each seed, in the same order.

    Raises:
        ValueError: the numbers of seeds differ, there are none, or a value is not finite.
    """
    differences = np.asarray(other, dtype=np.float64) - np.asarray(base, dtype=np.float64)
    if not len(differences) or not np.isfinite(differences).all():
        raise ValueError(f"expected finite metrics of the same seeds, got {list(base)} and {list(other)}")
    mean, n = float(differences.mean()), len(differences)
    if n < 2:
        return SeedDifference(mean, None, None, None, n)
    error = float(differences.std(ddof=1)) / math.sqrt(n)
    reach = float(stats.t.ppf(0.5 + confidence / 2, n - 1)) * error
    p = float(2 * stats.t.sf(abs(mean) / error, n - 1)) if error > 0 else float(mean == 0)
    return SeedDifference(mean, mean - reach, mean + reach, p, n)


def corrected(differences: Sequence[SeedDifference]) -> list[float | None]:
    """p-values after Holm's correction over all comparisons of a study; None where there is none."""
    known = [i for i, difference in enumerate(differences) if difference.p is not None]
    adjusted = dict(zip(known, holm([differences[i].p or 0.0 for i in known]), strict=True))
    return [adjusted.get(i) for i in range(len(differences))]
