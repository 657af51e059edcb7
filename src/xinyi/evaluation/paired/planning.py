"""What a test set can tell, and how much more of it would tell the rest. Normal approximations throughout."""

from __future__ import annotations

import math
from statistics import NormalDist

POWER = 0.8
# Beyond so many rows there is no plan to make.
MOST_ROWS = 10_000_000


def quantile(share: float) -> float:
    """The standard normal's quantile."""
    return NormalDist().inv_cdf(share)


def detectable(error: float, alpha: float) -> float:
    """The smallest true difference that a one-sided test at `alpha` shows with a chance of POWER.

    error: standard error of the difference on these rows (Cohen 1988).
    """
    return (quantile(1.0 - alpha) + quantile(POWER)) * error


def more_rows(error: float, gap: float, n: int, alpha: float) -> int | None:
    """Further rows until a difference of `gap` from the limit is shown with a chance of POWER; None: too many.

    The standard error shrinks with the root of the rows. At least 1: what is undecided needs some.
    """
    if not gap > 0.0:
        return None
    share = detectable(error, alpha) / gap
    needed = n * share * share
    if not math.isfinite(needed) or needed > MOST_ROWS:
        return None
    return max(1, math.ceil(needed) - n)


def standard_error(low: float, high: float, confidence: float = 0.95) -> float:
    """Of a number whose interval is given."""
    return (high - low) / 2.0 / quantile(0.5 + confidence / 2.0)
