"""The most confident mistakes: where a model is sure and wrong, either it or the label needs a look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.tasks.spec import TaskSpec

TEXT_LENGTH = 120


def shorten(text: str, length: int = TEXT_LENGTH) -> str:
    """At most `length` characters, the last of them … where something was cut; on one line."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


def confident_mistakes(
    spec: TaskSpec,
    ids: Sequence[str],
    texts: Sequence[str],
    gold: NDArray,
    predicted: NDArray,
    probs_BC: NDArray,
    count: int,
) -> list[dict[str, Any]]:
    """At most `count` of {id, text, gold, predicted, probability}, the surest first; equal ones by id.

    probability: of the decision (single, ordinal); for multi of the surest wrong yes or no. The texts must be masked.
    """
    wrong_B, sure_B = _mistakes(gold, predicted, probs_BC)
    rows = sorted(np.flatnonzero(wrong_B), key=lambda row: (-sure_B[row], ids[row], row))
    return [
        {
            "id": ids[row],
            "text": shorten(texts[row]),
            "gold": names_of(gold[row], spec),
            "predicted": names_of(predicted[row], spec),
            "probability": float(sure_B[row]),
        }
        for row in rows[:count]
    ]


def _mistakes(gold: NDArray, predicted: NDArray, probs_BC: NDArray) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which rows are wrong, and how sure the model was of what it got wrong."""
    if gold.ndim == 1:
        return gold != predicted, np.take_along_axis(probs_BC, predicted[:, None], axis=1)[:, 0]
    wrong_BC = gold != predicted
    sure_BC = np.where(predicted == 1, probs_BC, 1.0 - probs_BC)
    return wrong_BC.any(axis=1), np.where(wrong_BC, sure_BC, 0.0).max(axis=1)


def names_of(answer: NDArray | np.int64, spec: TaskSpec) -> str | list[str]:
    """An answer as the label's id, or for multi as the ids of the row's labels."""
    if np.ndim(answer) == 0:
        return spec.label_ids[int(answer)]
    return [label for label, given in zip(spec.label_ids, answer, strict=True) if given]
