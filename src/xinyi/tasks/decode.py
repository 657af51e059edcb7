"""From logits to probabilities to labels: numpy only, the same code in evaluation and in the served bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.tasks.spec import TaskSpec


@dataclass(frozen=True)
class Decoding:
    """How one head's logits become an answer; fitted on validation rows only.

    temperature: logits are divided by it before softmax or sigmoid (Guo et al. 2017).
    thresholds: one for each label of a multi task (a label is given when its probability reaches it); empty else.
    abstain_below: answers with a lower probability are marked `abstained`; 0 never abstains.
    """

    temperature: float = 1.0
    thresholds: tuple[float, ...] = field(default_factory=tuple)
    abstain_below: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain primitives, as they stand in labels.json."""
        return {
            "temperature": self.temperature,
            "thresholds": list(self.thresholds),
            "abstain_below": self.abstain_below,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Decoding:
        """The inverse of `to_dict`."""
        return cls(float(raw["temperature"]), tuple(map(float, raw["thresholds"])), float(raw["abstain_below"]))


def probabilities(logits_BC: NDArray[np.floating], kind: str, temperature: float = 1.0) -> NDArray[np.float64]:
    """Softmax over the labels (single, ordinal) or sigmoid of each (multi), in float64. Shape (B, C) → (B, C)."""
    scaled = np.asarray(logits_BC, dtype=np.float64) / temperature
    if kind == "multi":
        # exp(-|x|) cannot overflow, whichever the sign.
        small = np.exp(-np.abs(scaled))
        return np.where(scaled >= 0, 1.0, small) / (1.0 + small)
    shifted = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def predict(probs_BC: NDArray[np.floating], kind: str, thresholds: tuple[float, ...] = ()) -> NDArray[np.int64]:
    """Decisions from probabilities: label index (B,) for single and ordinal, 0/1 matrix (B, C) for multi."""
    if kind == "multi":
        limits = np.asarray(thresholds) if thresholds else np.full(probs_BC.shape[1], 0.5)
        return (probs_BC >= limits).astype(np.int64)
    return probs_BC.argmax(axis=-1)


def answers(logits_BC: NDArray[np.floating], task: TaskSpec, decoding: Decoding) -> list[dict[str, Any]]:
    """One answer a row: {label, name, probability, all, abstained}; for multi the first three are lists.

    `name` is the Chinese name. `all` gives each label's probability.
    """
    probs_BC = probabilities(logits_BC, task.kind, decoding.temperature)
    decided = predict(probs_BC, task.kind, decoding.thresholds)
    make = _multi_answer if task.kind == "multi" else _single_answer
    return [make(probs, choice, task, decoding) for probs, choice in zip(probs_BC, decided, strict=True)]


def _single_answer(probs_C: NDArray, choice: np.int64, task: TaskSpec, decoding: Decoding) -> dict[str, Any]:
    label, top = task.labels[int(choice)], float(probs_C[choice])
    return {
        "label": label.id,
        "name": label.zh or label.id,
        "probability": top,
        "all": dict(zip(task.label_ids, map(float, probs_C), strict=True)),
        "abstained": top < decoding.abstain_below,
    }


def _multi_answer(probs_C: NDArray, choice_C: NDArray, task: TaskSpec, decoding: Decoding) -> dict[str, Any]:
    chosen = [i for i in np.argsort(-probs_C) if choice_C[i]]
    # How sure the whole answer is: the least sure of its yes/no decisions.
    surest = float(np.where(choice_C == 1, probs_C, 1.0 - probs_C).min())
    return {
        "label": [task.labels[i].id for i in chosen],
        "name": [task.labels[i].zh or task.labels[i].id for i in chosen],
        "probability": [float(probs_C[i]) for i in chosen],
        "all": dict(zip(task.label_ids, map(float, probs_C), strict=True)),
        "abstained": surest < decoding.abstain_below,
    }
