"""How long a model takes for one message, measured here and now; a bundle on its own golden rows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.runtime import load
from xinyi.runtime.golden import read_golden

CALLS = 200
WARM_UP = 20
SHARES = {"p50": 0.5, "p95": 0.95}


def measure_latency(bundle: Path, calls: int = CALLS) -> dict[str, dict[str, float]]:
    """{p50 and p95: {value, low, high, n}} in milliseconds, one message a call, after a warm-up.

    Raises BundleError when the bundle cannot be loaded.
    """
    rows = [(row.text, row.context) for row in read_golden(bundle) if row.text.strip()]
    return time_calls(load(bundle).predict, rows, calls)


def time_calls(
    answer: Callable[[list[str], list[str]], Any], rows: Sequence[tuple[str, str]], calls: int, warm_up: int = WARM_UP
) -> dict[str, dict[str, float]]:
    """As `measure_latency`, of anything that answers texts and contexts; rows are taken round and round."""
    took = []
    for call in range(warm_up + calls):
        text, context = rows[call % len(rows)]
        begin = time.perf_counter()
        answer([text], [context])
        took.append(1000.0 * (time.perf_counter() - begin))
    return {name: quantile_interval(np.array(took[warm_up:]), share) for name, share in SHARES.items()}


def quantile_interval(values: NDArray[np.float64], share: float, confidence: float = 0.95) -> dict[str, float]:
    """A quantile with its distribution-free interval: order statistics (Conover 1999, 3.2), whatever the spread."""
    ordered, n = np.sort(values), len(values)
    wide = NormalDist().inv_cdf(0.5 + confidence / 2.0) * math.sqrt(n * share * (1.0 - share))
    places = [math.floor(n * share - wide) - 1, math.ceil(n * share + wide)]
    low, high = (float(ordered[min(max(place, 0), n - 1)]) for place in places)
    return {"value": float(np.quantile(ordered, share)), "low": low, "high": high, "n": n}
