"""How far stated probabilities can be believed: expected calibration error and the reliability table."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.bootstrap import Units, weightings
from xinyi.evaluation.exact import exact_ends
from xinyi.evaluation.metrics.scored import ratio
from xinyi.evaluation.settings import EvaluationSettings


def confidences(
    gold: NDArray, predicted: NDArray, probs_BC: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What was claimed and what came true, both (B, K).

    single and ordinal: the decision's probability and whether it was right, K = 1. multi: each label's probability
    and whether the row has it, K = labels (calibration of every yes/no statement).
    """
    if gold.ndim == 2:
        return probs_BC, gold.astype(np.float64)
    top_B = np.take_along_axis(probs_BC, predicted[:, None], axis=1)
    return top_B, (gold == predicted)[:, None].astype(np.float64)


def bin_of(claimed: NDArray, bins: int) -> NDArray[np.int64]:
    """The equal-mass bin of each claim, 0 to bins - 1; equal claims share a bin, so that bins may be empty.

    Equal mass rather than equal width: no bin rests on three rows (Nixon et al. 2019).
    """
    edges = np.quantile(claimed, np.linspace(0.0, 1.0, bins + 1)[1:-1])
    return np.searchsorted(edges, claimed, side="right")


def expected_error(claimed_BK: NDArray, true_BK: NDArray, bins: int, weights_BR: NDArray) -> NDArray[np.float64]:
    """Expected calibration error (Naeini et al. 2015): |claimed - true| of each bin, weighted by its mass; (R,)."""
    bin_BK = bin_of(claimed_BK, bins)
    gap_BK = claimed_BK - true_BK
    # A row's gaps per bin, so that its claims are resampled together.
    gap_BN = np.stack([np.where(bin_BK == number, gap_BK, 0.0).sum(axis=1) for number in range(bins)], axis=1)
    mass_R = weights_BR.sum(axis=0) * claimed_BK.shape[1]
    return ratio(np.abs(gap_BN.T @ weights_BR).sum(axis=0), mass_R, np.nan)


def calibrate(
    gold: NDArray,
    predicted: NDArray,
    probs_BC: NDArray,
    units: Units,
    settings: EvaluationSettings,
    temperature: float,
    name: str = "",
) -> dict[str, Any]:
    """A report's calibration entry: {ece, low, high, n, temperature, reliability}.

    The interval is the basic bootstrap's (2 x value - quantile): resampling inflates the error of a calibrated
    model, and reflecting takes that bias off again. Where hardly any outcome differs from the others, it reaches at
    least as far as the share of these might lie elsewhere.
    """
    if not len(gold):
        nothing = {"ece": None, "low": None, "high": None, "n": 0, "why": "no labelled rows"}
        return {**nothing, "temperature": temperature, "reliability": []}
    claimed, true = confidences(gold, predicted, probs_BC)
    value = float(expected_error(claimed, true, settings.bins, np.ones((len(gold), 1)))[0])
    draws = weightings(units, settings, f"calibration {name}")
    spread = np.concatenate([expected_error(claimed, true, settings.bins, weights_BR) for weights_BR in draws])
    tail = (1.0 - settings.confidence) / 2.0
    bottom, top = map(float, np.quantile(spread, [tail, 1.0 - tail]))
    reach = _unseen(true, len(units), tail)
    low, high = max(0.0, min(value - reach, 2.0 * value - top)), min(1.0, max(value + reach, 2.0 * value - bottom))
    table = reliability(claimed.ravel(), true.ravel(), settings.bins)
    return {"ece": value, "low": low, "high": high, "n": len(gold), "temperature": temperature, "reliability": table}


def _unseen(true_BK: NDArray[np.float64], units: int, tail: float) -> float:
    """How far the share of outcomes may lie from the one seen where resamples cannot tell; the error moves no more."""
    share = float(true_BK.mean())
    low, high = exact_ends(share, units, tail)
    return max(share - low, high - share)


def reliability(claimed: NDArray, true: NDArray, bins: int) -> list[dict[str, Any]]:
    """One entry a bin with claims: {low, high, n, confidence (mean claimed), accuracy (share true)}."""
    numbers = bin_of(claimed, bins)
    out = []
    for number in np.unique(numbers):
        inside = numbers == number
        part = claimed[inside]
        out.append(
            {
                "low": float(part.min()),
                "high": float(part.max()),
                "n": int(inside.sum()),
                "confidence": float(part.mean()),
                "accuracy": float(true[inside].mean()),
            }
        )
    return out
