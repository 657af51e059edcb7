"""Per-label and confusion tables of a report."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.clusters import effective_rows
from xinyi.evaluation.metrics.multi import average_precision
from xinyi.evaluation.metrics.scored import Scored
from xinyi.tasks.spec import TaskSpec

# The normal quantile for 95 % in the Wilson interval.
Z = 1.959964


def per_label(spec: TaskSpec, rows: Scored, units_B: NDArray[np.int64] | None = None) -> list[dict[str, Any]]:
    """One entry a label, in the task's order.

    {id, zh, en, precision, recall, recall_low, recall_high, f1, support, predicted}, and average_precision for multi.
    precision is null for a label never given, recall for one without gold rows: unknown is not 0. recall's ends are
    Wilson's 95 % (1927) for as many rows as a label's are worth (`clusters.effective_rows`).

    units_B: number of each row's conversation; None: rows are independent.
    """
    hits, support, given = (counts[:, 0] for counts in (rows.hits_CR, rows.support_CR, rows.given_CR))
    out = []
    for index, label in enumerate(spec.labels):
        low, high = wilson(hits[index], support[index])
        if units_B is not None and support[index]:
            own = rows.gold_BC[:, index] == 1.0
            worth = effective_rows(rows.predicted_BC[own, index] == 1.0, units_B[own])
            low, high = wilson(hits[index] / support[index] * worth, worth)
        entry = {
            "id": label.id,
            "zh": label.zh,
            "en": label.en,
            "precision": _share(hits[index], given[index]),
            "recall": _share(hits[index], support[index]),
            "recall_low": low,
            "recall_high": high,
            "f1": _share(2.0 * hits[index], support[index] + given[index]),
            "support": int(support[index]),
            "predicted": int(given[index]),
        }
        if spec.kind == "multi":
            area = float(average_precision(rows, index)[0])
            entry["average_precision"] = area if np.isfinite(area) else None
        out.append(entry)
    return out


def confusion(spec: TaskSpec, gold: NDArray, predicted: NDArray) -> dict[str, Any]:
    """single, ordinal: {labels, matrix}: rows gold, columns decisions.

    multi: matrix holds one [[true no, false yes], [false no, true yes]] a label.
    """
    labels, size = list(spec.label_ids), len(spec.labels)
    if spec.kind != "multi":
        counts = np.bincount(gold * size + predicted, minlength=size * size).reshape(size, size)
        return {"labels": labels, "matrix": counts.tolist()}
    cells = np.stack([1 - gold, gold], axis=1)[:, :, None, :] * np.stack([1 - predicted, predicted], axis=1)[:, None]
    return {"labels": labels, "matrix": np.moveaxis(cells.sum(axis=0), -1, 0).tolist()}


def wilson(hits: float, n: float) -> tuple[float | None, float | None]:
    """Wilson's 95 % score interval of a share; (None, None) for n = 0."""
    if not n:
        return None, None
    share, z2 = hits / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # At 0 and n hits the formula is exact but for rounding.
    low, high = middle - half, middle + half
    return float(0.0 if hits == 0 else max(0.0, low)), float(1.0 if hits == n else min(1.0, high))


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
