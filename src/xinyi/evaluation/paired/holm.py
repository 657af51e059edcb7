"""Holm's step-down correction (1979): many comparisons, one chance of a false alarm."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given; each compared with alpha keeps the family's error rate at alpha.

    The i-th smallest of m is multiplied by m - i + 1; adjusted values never fall below a smaller one's.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, floor = [0.0] * len(order), 0.0
    for rank, place in enumerate(order):
        floor = max(floor, min(1.0, (len(order) - rank) * p_values[place]))
        adjusted[place] = floor
    return adjusted
