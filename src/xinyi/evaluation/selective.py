"""Answering only where the model is sure (selective classification, El-Yaniv and Wiener 2010): the risk of the answers
given against the share of messages answered, and the threshold that keeps a chosen risk.

Shape letters: B rows, R weightings.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from xinyi.evaluation.exact import exact_ends

POINTS = 60
# A promise holds with this probability over the draw of the validation rows.
SURE = 0.95


def risk_coverage(score_B: NDArray, wrong_B: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Thresholds, coverage and risk when every row that scores at least the threshold is answered, surest first.

    Rows of equal score are answered together. wrong_B: 0 or 1 a row. Three arrays of the number of distinct scores.
    """
    order = np.argsort(-score_B, kind="stable")
    ranked = score_B[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if len(ranked) else np.zeros(0, dtype=np.int64)
    answered = last + 1
    return ranked[last], answered / max(len(ranked), 1), np.cumsum(wrong_B[order])[last] / np.maximum(answered, 1)


def area(score_B: NDArray, wrong_B: NDArray) -> float:
    """Mean risk over all coverages (AURC, Geifman, Uziel and El-Yaniv 2019); 0 is best, the error rate is chance."""
    if not len(score_B):
        return float("nan")
    _, coverage, risk = risk_coverage(score_B, wrong_B)
    return float((np.diff(coverage, prepend=0.0) * risk).sum())


def curve(score_B: NDArray, wrong_B: NDArray) -> list[dict[str, float]]:
    """At most POINTS points {coverage, risk, threshold} of the risk-coverage curve, evenly over the coverage."""
    thresholds, coverage, risk = risk_coverage(score_B, wrong_B)
    if not len(coverage):
        return []
    picked = np.unique(np.searchsorted(coverage, np.linspace(coverage[0], 1.0, POINTS) - 1e-12))
    columns = zip(coverage[picked], risk[picked], thresholds[picked], strict=True)
    return [{"coverage": float(c), "risk": float(r), "threshold": float(t)} for c, r, t in columns]


def fit_threshold(score_B: NDArray, wrong_B: NDArray, risk: float, promise: bool = True) -> float | None:
    """The lowest threshold whose answers are wrong in at most the share `risk`; None when there is none.

    promise: the upper end of the error rate must keep the limit with probability SURE, for every threshold tried
    (selection with guaranteed risk, Geifman and El-Yaniv 2017); else the error rate seen on these rows.
    """
    thresholds, coverage, seen = risk_coverage(score_B, wrong_B)
    answered = np.rint(coverage * len(score_B))
    if promise:
        # Bonferroni over as many looks as a bisection takes.
        looks = max(1, int(np.ceil(np.log2(max(len(score_B), 2)))))
        return _bisect(thresholds, answered, np.rint(seen * answered), risk, (1.0 - SURE) / looks)
    kept = np.flatnonzero(seen <= risk)
    return float(thresholds[kept[-1]]) if len(kept) else None


def _bisect(thresholds: NDArray, answered: NDArray, errors: NDArray, risk: float, tail: float) -> float | None:
    """The lowest threshold that a bisection finds to keep the risk."""
    low, high, best = 0, len(thresholds) - 1, None
    while low <= high:
        middle = (low + high) // 2
        if upper_bound(errors[middle], answered[middle], tail) <= risk:
            best, low = float(thresholds[middle]), middle + 1
        else:
            high = middle - 1
    return best


def upper_bound(errors: float, n: float, tail: float) -> float:
    """The largest error rate that still gives so few errors in n answers with probability `tail` (Clopper, Pearson)."""
    return 1.0 if errors >= n else float(beta.ppf(1.0 - tail, errors + 1.0, n - errors))


def at_threshold(
    score_B: NDArray, wrong_B: NDArray, threshold: float, weights_BR: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coverage and risk (both (R,)) of the answers that score at least the threshold; risk is NaN where none is."""
    given_B = (score_B >= threshold).astype(np.float64)
    given_R = given_B @ weights_BR
    wrong_R = (given_B * wrong_B) @ weights_BR
    risk_R = np.divide(wrong_R, given_R, out=np.full(len(given_R), np.nan), where=given_R > 0)
    return given_R / weights_BR.sum(axis=0), risk_R


def summary(value: float, spread_R: NDArray, n: int, units: int, confidence: float) -> dict[str, Any]:
    """{value, low, high, n} by the percentiles of resampled values; `why` where there is no value or no interval.

    n: rows that the share is of. units: how many of them are independent; where hardly any of these differs from the
    others (no answer wrong, say), resamples hardly differ, and the ends reach as far as the exact ones.
    """
    found = spread_R[np.isfinite(spread_R)]
    if not np.isfinite(value):
        return {"value": None, "low": None, "high": None, "n": n, "why": "nothing was answered"}
    if len(found) < 0.95 * len(spread_R) or n < 2:
        return {"value": value, "low": None, "high": None, "n": n, "why": "no interval: too few messages"}
    tail = (1.0 - confidence) / 2.0
    low, high = map(float, np.quantile(found, [tail, 1.0 - tail]))
    least, most = exact_ends(value, units, tail)
    return {"value": value, "low": min(low, least), "high": max(high, most), "n": n}
