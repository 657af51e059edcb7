"""Exact ends of a share (Clopper and Pearson 1934), for where resampling has too few events to go by. Numpy alone."""

from __future__ import annotations

import math

# Below so many events, resampling them shows too little of what other rows might do.
LEAST = 10


def exact_ends(value: float, units: int, tail: float) -> tuple[float, float]:
    """How far down and up a share seen in so many independent units may reach; `value` itself towards a side that
    at least LEAST of the units lie on: there resamples tell.

    tail: the chance of a miss on each side.
    """
    low = high = value
    if value * units < LEAST:
        high = max(high, upper_share(math.ceil(value * units - 1e-9), units, tail))
    if (1.0 - value) * units < LEAST:
        low = min(low, 1.0 - upper_share(math.ceil((1.0 - value) * units - 1e-9), units, tail))
    return low, high


def upper_share(seen: int, n: int, tail: float) -> float:
    """The largest share that still gives `seen` or fewer of n with a chance of `tail`, by bisection."""
    low, high = seen / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _at_most(seen, n, middle) > tail else (low, middle)
    return high


def _at_most(seen: int, n: int, share: float) -> float:
    """P(X <= seen), X ~ Binomial(n, share), for the few `seen` that are asked for."""
    if share >= 1.0:
        return float(seen >= n)
    total = term = (1.0 - share) ** n
    for k in range(min(seen, n)):
        term *= (n - k) / (k + 1) * share / (1.0 - share)
        total += term
    return total
