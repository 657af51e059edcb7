"""One metric's paired difference between two models, with its interval and the chance that it is no loss."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.bootstrap import LEAST_DEFINED
from xinyi.evaluation.exact import LEAST, upper_share
from xinyi.evaluation.metrics.scored import Scored
from xinyi.evaluation.metrics.table import METRICS
from xinyi.evaluation.paired.match import Decided, Pair
from xinyi.evaluation.paired.mcnemar import worse
from xinyi.evaluation.paired.resample import BY_DECISION, resamples

RESAMPLES = 2000
# One row of a rare label moves these more than one row in n.
BY_LABEL = ("macro_f1", "balanced_accuracy")


class NoDifference(Exception):  # noqa: N818 - an answer, which callers turn into their own words
    """The difference or its interval is not defined on these rows."""


@dataclass(frozen=True)
class Difference:
    """Candidate less champion, turned so that positive is better.

    values: the metric of candidate and champion. low, high: percentile interval of the difference. p: one-sided
    p-value of "not worse"; both: two-sided, of "no difference". test: `mcnemar` or `bootstrap`. error: standard error.
    changed: rows answered otherwise.
    """

    metric: str
    values: tuple[float, float]
    value: float
    low: float
    high: float
    p: float
    both: float
    test: str
    error: float
    n: int
    changed: int


def difference(
    pair: Pair, metric: str, confidence: float = 0.95, count: int = RESAMPLES, seed: int = 0, name: str = ""
) -> Difference:
    """Compare two models by one metric on the same rows.

    Accuracy of independent rows is tested by McNemar's exact test, everything else by the paired bootstrap.

    Args:
        confidence: of the two-sided interval. count: resamples. name: keeps comparisons apart under one seed.

    Raises:
        NoDifference: the metric is not defined on these rows, or on more than 5 % of the resamples.
    """
    sign = 1.0 if METRICS[metric].higher_is_better else -1.0
    values = tuple(score(pair, side, metric) for side in (pair.candidate, pair.champion))
    if len(pair) < 2 or not np.isfinite(values).all():
        raise NoDifference(f"{metric} is not defined on these {len(pair)} rows")
    value = sign * (values[0] - values[1])
    spread_R = sign * _spread(pair, metric, count, _generator(seed, name))
    found = spread_R[np.isfinite(spread_R)]
    if len(found) < LEAST_DEFINED * count:
        raise NoDifference(f"{metric} is not defined on {count - len(found)} of {count} resamples of {len(pair)} rows")
    tail = (1.0 - confidence) / 2.0
    low, high = map(float, np.quantile(found, [tail, 1.0 - tail]))
    changed = _changed(pair, metric)
    step = _unseen(pair, metric, changed, tail)
    low, high = min(low, value - step), max(high, value + step)
    error = max(float(found.std()), step / NormalDist().inv_cdf(1.0 - tail))
    worse_p, better_p, test = _chances(pair, metric, value, found, error)
    both = min(1.0, 2.0 * min(worse_p, better_p))
    return Difference(metric, values, value, low, high, worse_p, both, test, error, len(pair), changed)


def score(pair: Pair, side: Decided, metric: str) -> float:
    """A metric of one model on all rows."""
    return float(METRICS[metric].function(Scored.of(pair.gold, side.predicted, side.probs_BC))[0])


def wins_and_losses(pair: Pair) -> tuple[int, int]:
    """Rows that only the candidate answers rightly, and rows that only the champion does."""
    ours, theirs = (_right(pair, side) for side in (pair.candidate, pair.champion))
    return int((ours & ~theirs).sum()), int((theirs & ~ours).sum())


def _right(pair: Pair, side: Decided) -> NDArray[np.bool_]:
    same = pair.gold == side.predicted
    return same.all(axis=1) if same.ndim == 2 else same


def _changed(pair: Pair, metric: str) -> int:
    """Rows that the metric can see a difference in."""
    part = "predicted" if metric in BY_DECISION else "probs_BC"
    other = getattr(pair.candidate, part) != getattr(pair.champion, part)
    return int((other.any(axis=1) if other.ndim == 2 else other).sum())


def _spread(pair: Pair, metric: str, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The difference (as the metric points) in every resample."""
    function, found = METRICS[metric].function, []
    for rows, weights_BR in resamples(pair, metric, count, rng):
        ours, theirs = (
            function(Scored.of(rows.gold, side.predicted, side.probs_BC, weights_BR))
            for side in (rows.candidate, rows.champion)
        )
        found.append(ours - theirs)
    return np.concatenate(found)


def _chances(pair: Pair, metric: str, value: float, spread_R: NDArray, error: float) -> tuple[float, float, str]:
    """p-values of "not worse" and of "not better", which both count no difference in, and the test they come from."""
    if metric in ("accuracy", "subset_accuracy") and pair.drawn.name == "row":
        won, lost = wins_and_losses(pair)
        return worse(won, lost), worse(lost, won), "mcnemar"
    return _chance(value, spread_R, error), _chance(-value, -spread_R, error), "bootstrap"


def _chance(value: float, spread_R: NDArray, error: float) -> float:
    """p-value of the hypothesis that the difference is not below zero."""
    least = 1.0 / (len(spread_R) + 1)
    p = float((spread_R >= 0.0).mean())
    if p > 0.0 or error == 0.0:
        return max(p, least)
    # Beyond what so many resamples can show, the normal curve's tail.
    return min(least, NormalDist().cdf(value / error))


def _unseen(pair: Pair, metric: str, changed: int, tail: float) -> float:
    """How far the difference could go when hardly any row was answered otherwise, and 0 when many were.

    The exact upper bound on the number of such rows (Clopper and Pearson 1934), all of them losses, each at the
    largest effect that a row has on the metric.
    """
    if changed >= LEAST:
        return 0.0
    n, units = len(pair), len(pair.drawn)
    share = upper_share(min(changed, units), units, tail)
    known = METRICS[metric]
    reach = known.top(len(pair.labels)) - known.low
    effect = reach if np.isfinite(reach) else 1.0
    if metric in BY_LABEL and pair.gold.ndim == 1:
        counts = np.bincount(pair.gold)
        counts = counts[counts > 0]
        effect = n / (len(counts) * counts.min())
    return float(min(share * effect, reach))


def _generator(seed: int, name: str) -> np.random.Generator:
    words = np.frombuffer(hashlib.sha256(name.encode()).digest()[:16], dtype=np.uint32)
    return np.random.default_rng([seed, *map(int, words)])
