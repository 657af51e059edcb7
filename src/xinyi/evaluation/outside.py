"""Telling messages that no label fits from those that one does: how well each confidence score parts the two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from xinyi.evaluation.selective import summary

RECALL = 0.95
RESAMPLES = 400


def auroc(inside_B: NDArray, outside_B: NDArray) -> float:
    """The probability that a message inside the labels scores above one outside, ties half (Mann and Whitney 1947)."""
    n, m = len(inside_B), len(outside_B)
    if not n or not m:
        return float("nan")
    ranks = rankdata(np.concatenate([inside_B, outside_B]))
    return float((ranks[:n].sum() - n * (n + 1) / 2.0) / (n * m))


def fpr_at_recall(inside_B: NDArray, outside_B: NDArray, recall: float = RECALL) -> float:
    """Share of messages outside that are answered when at least `recall` of those inside are."""
    if not len(inside_B) or not len(outside_B):
        return float("nan")
    threshold = np.sort(inside_B)[::-1][int(np.ceil(recall * len(inside_B))) - 1]
    return float((outside_B >= threshold).mean())


def separation(
    scores: Mapping[str, NDArray], outside_B: NDArray[np.bool_], confidence: float, seed: int
) -> dict[str, dict[str, Any]]:
    """`{score: {auroc: estimate, fpr95: estimate}}`; the bootstrap draws messages inside and outside apart.

    An AUROC of A varies at most as A (1 - A) over the rows of the smaller side (Birnbaum and Klose 1957): with few of
    them the ends reach as far as those of such a share.

    scores: name → (B,), higher is surer. outside_B: which messages no label fits.
    """
    out: dict[str, dict[str, Any]] = {}
    for name, score_B in scores.items():
        inside, outside = score_B[~outside_B], score_B[outside_B]
        rng = np.random.default_rng(seed)
        draws = [(rng.choice(inside, len(inside)), rng.choice(outside, len(outside))) for _ in range(RESAMPLES)]
        out[name] = {}
        sizes = {"auroc": (len(score_B), min(len(inside), len(outside))), "fpr95": (len(outside), len(outside))}
        for key, measure in (("auroc", auroc), ("fpr95", fpr_at_recall)):
            spread = np.array([measure(*draw) for draw in draws])
            out[name][key] = summary(measure(inside, outside), spread, *sizes[key], confidence)
    return out
