"""What a report says about abstaining: risk against coverage, the fitted threshold, messages outside the labels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation import selective
from xinyi.evaluation.bootstrap import make_units, weightings
from xinyi.evaluation.outside import separation
from xinyi.evaluation.predictions import Predictions
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.tasks.decode import SCORES, Decoding, confidence, predict, probabilities

# A threshold that no score reaches: JSON has no infinity.
ALWAYS = 1e30


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows that can be judged: those with a label, and those that no label fits (every answer to them is wrong).

    rows: their places in the split. wrong_B: 0 or 1. scores: name → (B,). gold: -1 (multi: zeros) outside.
    """

    rows: NDArray[np.int64]
    wrong_B: NDArray[np.float64]
    outside_B: NDArray[np.bool_]
    scores: dict[str, NDArray[np.float64]]
    gold: NDArray[np.int64]


def judge(predictions: Predictions, name: str, decoding: Decoding) -> Judged:
    """Decide every row and see which answers are wrong; for multi every label has to be right."""
    task = predictions.tasks[name]
    kind, rows = task.spec.kind, np.flatnonzero(task.present | task.outside)
    logits_BC, outside_B = task.logits_BC[rows], task.outside[rows] & ~task.present[rows]
    probs_BC = probabilities(logits_BC, kind, decoding.temperature)
    decided = predict(probs_BC, kind, decoding.thresholds)
    differs = decided != task.gold[rows]
    wrong_B = (differs.any(axis=1) if kind == "multi" else differs) | outside_B
    scores = {score: confidence(logits_BC, probs_BC, decided, kind, score) for score in SCORES}
    scores |= {score: values[rows] for score, values in task.scores.items()}
    gold = np.where(outside_B, -1, task.gold[rows]) if kind != "multi" else task.gold[rows]
    return Judged(rows, wrong_B.astype(np.float64), outside_B, scores, gold)


def abstaining(predictions: Predictions, name: str, decoding: Decoding, settings: EvaluationSettings) -> dict[str, Any]:
    """A report's entry: {rows, score, threshold, target, coverage, risk, kept, areas, curve, outside}.

    coverage, risk: share of messages answered at the fitted threshold, and share of those that are wrong (its n counts
    those answered); kept: `yes`, `no` or `undecided`, by the risk's interval against the target. areas: mean risk over
    all coverages of each score. curve: of the decoding's score. outside: how well each score parts messages that no
    label fits.
    """
    judged = judge(predictions, name, decoding)
    units = make_units(judged.gold, predictions.units[judged.rows])
    score_B = judged.scores[decoding.abstain_by]
    fitted = decoding.abstains
    risk = settings.abstain.risk.get(name)
    entry: dict[str, Any] = {
        "rows": len(judged.rows),
        "score": decoding.abstain_by,
        "threshold": decoding.abstain_below if fitted else None,
        "target": None if risk is None else {"risk": risk, "coverage": settings.abstain.coverage},
        "areas": {score: _or_none(selective.area(found, judged.wrong_B)) for score, found in judged.scores.items()},
        "curve": selective.curve(score_B, judged.wrong_B),
        "outside": None,
    }
    if fitted and len(judged.rows):
        draws = weightings(units, settings, f"abstain {name} {predictions.split}")
        weights = chain([np.ones((len(score_B), 1))], draws)  # one piece at a time: all of them are rows × resamples
        found = [selective.at_threshold(score_B, judged.wrong_B, decoding.abstain_below, part) for part in weights]
        answered = np.flatnonzero(score_B >= decoding.abstain_below)
        sizes = {
            "coverage": (len(score_B), len(units)),
            "risk": (len(answered), len(np.unique(units.unit_B[answered]))),
        }
        for place, (key, size) in enumerate(sizes.items()):
            spread = np.concatenate([pair[place] for pair in found[1:]])
            entry[key] = selective.summary(float(found[0][place][0]), spread, *size, settings.confidence)
        entry["kept"] = None if risk is None else _kept(entry["risk"], risk)
    if judged.outside_B.any():
        parted = separation(judged.scores, judged.outside_B, settings.confidence, settings.seed)
        entry["outside"] = {"rows": int(judged.outside_B.sum()), "scores": parted}
    return entry


def _kept(risk: dict[str, Any], target: float) -> str:
    if risk["value"] is None:
        return "nothing answered"
    if risk["high"] is None:
        return "undecided"
    return "yes" if risk["high"] <= target else "no" if risk["low"] > target else "undecided"


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None
