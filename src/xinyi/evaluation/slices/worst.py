"""Where the model is worst: every slice and every pair of slices compared with the rows outside, and the false
discoveries among so many comparisons held down (Benjamini and Hochberg 1995)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.bootstrap import Units

# The expected share of slices called worse that are not.
RATE = 0.05
SHOWN = 12
WORSE_THAN_PART = 1.1
LOSSES = {"single": "error rate", "ordinal": "levels off", "multi": "share of wrong yes/no decisions"}


def row_losses(gold: NDArray, predicted: NDArray, kind: str) -> NDArray[np.float64]:
    """What each row's answer costs: 0 or 1 (single), levels off (ordinal), share of wrong decisions (multi); (B,)."""
    if kind == "multi":
        return (gold != predicted).mean(axis=1)
    return np.abs(gold - predicted).astype(np.float64) if kind == "ordinal" else (gold != predicted).astype(np.float64)


def worst_slices(
    kind: str,
    gold: NDArray,
    predicted: NDArray,
    attributes: Mapping[str, Sequence[str | None]],
    units: Units,
    least: int,
    confidence: float = 0.95,
) -> dict[str, Any]:
    """`{tested, rate, loss, found: [{slice, n, value, rest, difference: {value, low, high, n}, p, q, worse}]}`.

    Slices with at least `least` rows inside and outside are tested. `value` and `rest`: mean loss inside and outside.
    p: one-sided, for "worse inside"; q: adjusted for all slices tested; worse: q at most RATE. The worst come first.
    """
    losses_B = row_losses(gold, predicted, kind)
    candidates = list(_candidates(attributes, len(gold), least))
    if not candidates:
        return {"tested": 0, "rate": RATE, "loss": LOSSES[kind], "found": []}
    tests = [_compare(losses_B, inside_B, units, confidence) for _, inside_B in candidates]
    adjusted = benjamini_hochberg(np.array([test["p"] for test in tests]))
    rows = [
        {"slice": named, **test, "q": float(q), "worse": bool(q <= RATE)}
        for (named, _), test, q in zip(candidates, tests, adjusted, strict=True)
    ]
    rows.sort(key=lambda row: (row["q"], row["p"], -row["difference"]["value"]))
    alone = {next(iter(row["slice"].items())): row["value"] for row in rows if len(row["slice"]) == 1}
    worst = [row for row in rows if row["difference"]["value"] > 0 and _says_more(row, alone)][:SHOWN]
    return {"tested": len(candidates), "rate": RATE, "loss": LOSSES[kind], "found": worst}


def _says_more(row: Mapping[str, Any], alone: Mapping[tuple[str, str], float]) -> bool:
    """A pair is shown only where it is clearly worse than each of its two parts."""
    parts = [alone.get(part, 0.0) for part in row["slice"].items()]
    return len(parts) == 1 or row["value"] > WORSE_THAN_PART * max(parts)


def _candidates(
    attributes: Mapping[str, Sequence[str | None]], size: int, least: int
) -> Iterator[tuple[dict[str, str], NDArray[np.bool_]]]:
    """Every value of an attribute, and every pair of values of two that is not one of them over again."""
    single: list[tuple[str, str, NDArray[np.bool_]]] = []
    for name, values in attributes.items():
        column = np.array([value or "" for value in values], dtype=object)
        single += [(name, value, column == value) for value in dict.fromkeys(v for v in values if v is not None)]
    single = [(name, value, inside) for name, value, inside in single if inside.sum() >= least]
    for name, value, inside in single:
        if size - inside.sum() >= least:
            yield {name: value}, inside
    for (first, a, left), (second, b, right) in combinations(single, 2):
        both = left & right
        if first != second and least <= both.sum() < min(left.sum(), right.sum()) and size - both.sum() >= least:
            yield {first: a, second: b}, both


def _compare(losses_B: NDArray, inside_B: NDArray[np.bool_], units: Units, confidence: float) -> dict[str, Any]:
    """Mean loss inside against outside; the variance sums over what was drawn together (Liang and Zeger 1986)."""
    n, rest = int(inside_B.sum()), int((~inside_B).sum())
    inside, outside = float(losses_B[inside_B].mean()), float(losses_B[~inside_B].mean())
    pull_B = np.where(inside_B, (losses_B - inside) / n, -(losses_B - outside) / rest)
    pull_U = np.bincount(units.unit_B, weights=pull_B, minlength=len(units))
    error = float(np.sqrt((pull_U**2).sum() * len(units) / max(len(units) - 1, 1)))
    from scipy import stats  # a gate, which reads slices too, does without

    groups = min(int((np.bincount(units.unit_B[side]) > 0).sum()) for side in (inside_B, ~inside_B))
    freedom, gap = max(groups - 1, 1), inside - outside
    half = float(stats.t.ppf(0.5 + confidence / 2.0, freedom)) * error
    p = float(stats.t.sf(gap / error, freedom)) if error > 0 else (0.0 if gap > 0 else 1.0)
    difference = {"value": gap, "low": gap - half, "high": gap + half, "n": n}
    return {"n": n, "value": inside, "rest": outside, "difference": difference, "p": p}


def benjamini_hochberg(p_T: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjusted p values (T,): rejecting those at most r keeps the expected share of false rejections under r."""
    from scipy import stats

    return stats.false_discovery_control(p_T, method="bh")
