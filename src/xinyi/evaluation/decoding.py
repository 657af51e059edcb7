"""Fitting how logits become answers: one temperature a task, one threshold a label. On validation rows only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from xinyi.errors import BundleError, describe
from xinyi.evaluation.abstaining import ALWAYS, judge
from xinyi.evaluation.predictions import Predictions, TaskPredictions
from xinyi.evaluation.selective import fit_threshold
from xinyi.evaluation.settings import AbstainSettings
from xinyi.evaluation.storage import write_texts
from xinyi.tasks.decode import Decoding, probabilities

TEMPERATURES = (0.05, 20.0)
GRID = np.round(np.arange(0.05, 0.951, 0.01), 2)
# With as many positives a label's own best threshold counts half, the task's common one the other half.
PRIOR_POSITIVES = 10


def fit_decoding(predictions: Predictions, abstain: AbstainSettings | None = None) -> dict[str, Decoding]:
    """Task id → decoding. A task without labelled rows keeps temperature 1 and thresholds 0.5. Deterministic."""
    abstain = abstain or AbstainSettings()
    fitted = {name: _fit(task) for name, task in predictions.tasks.items()}
    for name, risk in abstain.risk.items():
        if name in fitted:
            fitted[name] = fit_abstaining(predictions, name, fitted[name], risk, abstain)
    return fitted


def fit_abstaining(
    predictions: Predictions, task: str, decoding: Decoding, risk: float, abstain: AbstainSettings
) -> Decoding:
    """The decoding with the lowest threshold that keeps the risk; where none does, it abstains from every answer."""
    judged = judge(predictions, task, decoding)
    scores = judged.scores[abstain.score]
    limit = fit_threshold(scores, judged.wrong_B, risk, abstain.promise) if len(scores) else None
    return replace(decoding, abstain_below=ALWAYS if limit is None else limit, abstain_by=abstain.score)


def write_decodings(decodings: Mapping[str, Decoding], path: Path) -> None:
    """Store decoding.json: written beside, then renamed."""
    content = {name: decoding.to_dict() for name, decoding in decodings.items()}
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    write_texts({Path(path).name: text}, Path(path).parent, "decoding cannot be written")


def read_decodings(path: Path) -> dict[str, Decoding]:
    """Read decoding.json. Raises BundleError when it is missing or damaged."""
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
        return {name: Decoding.from_dict(content) for name, content in raw.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        problem = describe("a decoding.json", type(error).__name__, "fit the decoding again", str(path))
        raise BundleError([problem]) from error


def _fit(task: TaskPredictions) -> Decoding:
    kind, gold, logits = task.spec.kind, task.gold[task.present], task.logits_BC[task.present]
    if not len(gold):
        return Decoding(thresholds=(0.5,) * len(task.spec.labels) if kind == "multi" else ())
    temperature = fit_temperature(logits, gold, kind)
    if kind != "multi":
        return Decoding(temperature=temperature)
    return Decoding(temperature, fit_thresholds(probabilities(logits, kind, temperature), gold))


def fit_temperature(logits_BC: NDArray, gold: NDArray, kind: str) -> float:
    """The temperature with the least log loss (Guo et al. 2017), within TEMPERATURES.

    gold: label indices (B,), or 0/1 (B, C) for multi (the loss is then the mean over all yes/no decisions).
    """

    def loss(log_temperature: float) -> float:
        probs_BC = probabilities(logits_BC, kind, float(np.exp(log_temperature)))
        right = (
            np.where(gold == 1, probs_BC, 1.0 - probs_BC) if kind == "multi" else probs_BC[np.arange(len(gold)), gold]
        )
        return float(-np.log(np.clip(right, 1e-12, 1.0)).mean())

    bounds = tuple(np.log(TEMPERATURES))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-4})
    # On a flat or one-sided loss (all right, or all alike) leave the logits alone.
    return round(float(np.exp(found.x)), 4) if found.fun < loss(0.0) - 1e-9 else 1.0


def fit_thresholds(probs_BC: NDArray, gold_BC: NDArray) -> tuple[float, ...]:
    """One threshold a label that maximises its F1, drawn towards the task's common one when positives are few.

    A label with n positives takes n / (n + PRIOR_POSITIVES) of its own best and the rest of the common best.
    """
    f1_GC = np.stack([_f1(probs_BC >= limit, gold_BC) for limit in GRID])
    seen_C = gold_BC.sum(axis=0) > 0
    common = _best(f1_GC[:, seen_C].mean(axis=1)) if seen_C.any() else 0.5
    own_C = np.array([_best(f1_GC[:, label], common) if seen_C[label] else common for label in range(len(seen_C))])
    trust_C = gold_BC.sum(axis=0) / (gold_BC.sum(axis=0) + PRIOR_POSITIVES)
    return tuple(round(float(t), 4) for t in trust_C * own_C + (1.0 - trust_C) * common)


def _f1(given_BC: NDArray, gold_BC: NDArray) -> NDArray[np.float64]:
    """F1 of each label, 0 where it is in neither."""
    both = 2.0 * (given_BC & (gold_BC == 1)).sum(axis=0)
    present = given_BC.sum(axis=0) + gold_BC.sum(axis=0)
    return np.divide(both, present, out=np.zeros(len(both)), where=present > 0)


def _best(f1_G: NDArray, near: float = 0.5) -> float:
    """The grid's best threshold; of equally good ones the nearest to `near`."""
    good = GRID[f1_G >= f1_G.max() - 1e-12]
    return float(good[np.abs(good - near).argmin()])
