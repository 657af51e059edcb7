"""From logits to probabilities to labels: numpy only, the same code in evaluation and in the served bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.tasks.spec import TaskSpec

# What tells how sure an answer is; see `confidence`.
SCORES = ("probability", "energy")


@dataclass(frozen=True)
class Decoding:
    """How one head's logits become an answer; fitted on validation rows only.

    temperature: logits are divided by it before softmax or sigmoid (Guo et al. 2017).
    thresholds: one for each label of a multi task (a label is given when its probability reaches it); empty else.
    abstain_below: answers with a lower score are marked `abstained`; 0 with `probability` never abstains.
    abstain_by: the score, one of SCORES.
    """

    temperature: float = 1.0
    thresholds: tuple[float, ...] = field(default_factory=tuple)
    abstain_below: float = 0.0
    abstain_by: str = "probability"

    @property
    def abstains(self) -> bool:
        """Whether a threshold was fitted, so that an answer can be abstained from."""
        return self.abstain_below != 0.0 or self.abstain_by != "probability"

    def to_dict(self) -> dict[str, Any]:
        """Plain primitives, as they stand in labels.json."""
        return {
            "temperature": self.temperature,
            "thresholds": list(self.thresholds),
            "abstain_below": self.abstain_below,
            "abstain_by": self.abstain_by,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Decoding:
        """The inverse of `to_dict`. Raises ValueError for a score that this version does not know."""
        by = raw.get("abstain_by", "probability")
        if by not in SCORES:
            raise ValueError(f"abstain_by {by!r} is none of {', '.join(SCORES)}")
        return cls(float(raw["temperature"]), tuple(map(float, raw["thresholds"])), float(raw["abstain_below"]), by)


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


def confidence(
    logits_BC: NDArray[np.floating], probs_BC: NDArray, decided: NDArray, kind: str, score: str = "probability"
) -> NDArray[np.float64]:
    """How sure each row's answer is, higher is surer; (B,).

    probability: that of the decision; for multi of the least sure yes or no (Hendrycks and Gimpel 2017).
    energy: log-sum-exp of the logits; for multi the sum of each label's ln(1 + e^logit) (Liu et al. 2020; Wang et al.
    2021). It knows no upper end.
    """
    if score == "energy":
        logits_BC = np.asarray(logits_BC, dtype=np.float64)
        return np.logaddexp(logits_BC, 0.0).sum(axis=1) if kind == "multi" else np.logaddexp.reduce(logits_BC, axis=1)
    if kind == "multi":
        return np.where(decided == 1, probs_BC, 1.0 - probs_BC).min(axis=1, initial=1.0)
    return probs_BC[np.arange(len(decided)), decided]


def answers(logits_BC: NDArray[np.floating], task: TaskSpec, decoding: Decoding) -> list[dict[str, Any]]:
    """One answer a row: {label, name, probability, all, abstained}; for multi the first three are lists.

    `name` is the Chinese name. `all` gives each label's probability.
    """
    probs_BC = probabilities(logits_BC, task.kind, decoding.temperature)
    decided = predict(probs_BC, task.kind, decoding.thresholds)
    abstained_B = _abstained(logits_BC, probs_BC, decided, task, decoding)
    make = _multi_answer if task.kind == "multi" else _single_answer
    # Python's own numbers: single elements of arrays are many times as slow.
    rows = zip(probs_BC.tolist(), decided.tolist(), abstained_B.tolist(), strict=True)
    return [{**make(probs, choice, task), "abstained": abstained} for probs, choice, abstained in rows]


def _abstained(
    logits_BC: NDArray[np.floating], probs_BC: NDArray, decided: NDArray, task: TaskSpec, decoding: Decoding
) -> NDArray[np.bool_]:
    """Which rows' answers are not sure enough; (B,)."""
    return confidence(logits_BC, probs_BC, decided, task.kind, decoding.abstain_by) < decoding.abstain_below


def decisions(logits_BC: NDArray[np.floating], task: TaskSpec, decoding: Decoding) -> list[tuple[Any, Any, bool]]:
    """(label id, its probability, abstained) a row; for multi the first two are lists, the most probable first.

    Part of `answers`.
    """
    probs_BC = probabilities(logits_BC, task.kind, decoding.temperature)
    decided = predict(probs_BC, task.kind, decoding.thresholds)
    abstained = _abstained(logits_BC, probs_BC, decided, task, decoding).tolist()
    ids = task.label_ids
    if task.kind != "multi":
        tops = probs_BC[np.arange(len(decided)), decided]
        return list(zip([ids[i] for i in decided.tolist()], tops.tolist(), abstained, strict=True))
    found = []
    orders = np.argsort(-probs_BC, axis=1)
    for probs, choice, order, not_sure in zip(probs_BC.tolist(), decided, orders, abstained, strict=True):
        chosen = [i for i in order.tolist() if choice[i]]
        found.append(([ids[i] for i in chosen], [probs[i] for i in chosen], not_sure))
    return found


def _single_answer(probs_C: list[float], choice: int, task: TaskSpec) -> dict[str, Any]:
    label = task.labels[choice]
    return {
        "label": label.id,
        "name": label.zh or label.id,
        "probability": probs_C[choice],
        "all": dict(zip(task.label_ids, probs_C, strict=True)),
    }


def _multi_answer(probs_C: list[float], choice_C: list[int], task: TaskSpec) -> dict[str, Any]:
    chosen = sorted((i for i, yes in enumerate(choice_C) if yes), key=lambda i: -probs_C[i])
    return {
        "label": [task.labels[i].id for i in chosen],
        "name": [task.labels[i].zh or task.labels[i].id for i in chosen],
        "probability": [probs_C[i] for i in chosen],
        "all": dict(zip(task.label_ids, probs_C, strict=True)),
    }
