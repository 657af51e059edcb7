"""Rows whose label looks wrong (confident learning, Northcutt, Jiang and Chuang 2021, by the library cleanlab).

Only for rows that the model was not trained on: it has learnt the labels of the others by heart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.errors import names_of, shorten
from xinyi.tasks.spec import TaskSpec

LEAST_ROWS = 20


def label_issues(
    spec: TaskSpec,
    ids: Sequence[str],
    texts: Sequence[str],
    gold: NDArray,
    predicted: NDArray,
    probs_BC: NDArray,
    count: int,
) -> dict[str, Any]:
    """`{n, suspected, shown: [{id, text, gold, suggested, probability}]}`, the most suspect first.

    suspected: how many of the n rows; shown: at most `count` of them. suggested: the model's answer. probability: of
    the label as it stands (multi: the lowest of its yes and no). Fewer than LEAST_ROWS rows are not judged.
    """
    if len(gold) < LEAST_ROWS:
        why = f"{len(gold)} rows are too few: at least {LEAST_ROWS} are needed"
        return {"n": len(gold), "suspected": None, "shown": [], "why": why}
    if spec.kind == "multi":
        own_B, places = np.where(gold == 1, probs_BC, 1.0 - probs_BC).min(axis=1), _multi(gold, probs_BC)
    else:
        own_B, places = np.take_along_axis(probs_BC, gold[:, None], axis=1)[:, 0], _single(gold, probs_BC)
    differs = predicted != gold
    # A label that the model gives itself is no suspect, whatever the counts say.
    places = [row for row in places if np.any(differs[row])]
    shown = [
        {
            "id": ids[row],
            "text": shorten(texts[row]),
            "gold": names_of(gold[row], spec),
            "suggested": names_of(predicted[row], spec),
            "probability": float(own_B[row]),
        }
        for row in places[:count]
    ]
    return {"n": len(gold), "suspected": len(places), "shown": shown}


def _single(gold: NDArray, probs_BC: NDArray) -> list[int]:
    # Heavy: imports pandas and datasets.
    from cleanlab.filter import find_label_issues

    # cleanlab wants every label to occur: leave the others' columns out and share their probability.
    present = np.unique(gold)
    if len(present) < 2:
        return []
    probs = probs_BC[:, present] / np.maximum(probs_BC[:, present].sum(axis=1, keepdims=True), 1e-12)
    labels = np.searchsorted(present, gold)
    return [int(row) for row in find_label_issues(labels, probs, return_indices_ranked_by="self_confidence", n_jobs=1)]


def _multi(gold: NDArray, probs_BC: NDArray) -> list[int]:
    from cleanlab.multilabel_classification.filter import find_label_issues

    used = [label for label in range(gold.shape[1]) if 0 < gold[:, label].sum() < len(gold)]
    if not used:
        return []
    labels = [list(map(int, np.flatnonzero(row))) for row in gold[:, used]]
    found = find_label_issues(labels, probs_BC[:, used], return_indices_ranked_by="self_confidence", n_jobs=1)
    return [int(row) for row in found]
