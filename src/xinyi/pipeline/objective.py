"""What training minimises, as the recipe says, and what it steers by."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from xinyi.config.schema import TrainConfig
from xinyi.data.tokens import EncodedSplit
from xinyi.evaluation.decoding import fit_thresholds
from xinyi.evaluation.metrics.table import METRICS, score
from xinyi.tasks.counts import build_counts
from xinyi.tasks.decode import predict, probabilities
from xinyi.tasks.loss_variants import build_loss
from xinyi.tasks.losses import balanced_weights
from xinyi.tasks.spec import TaskSpec
from xinyi.training.objective import Extras, Objective


def build_objective(config: TrainConfig, tasks: Sequence[TaskSpec], train: EncodedSplit) -> Objective:
    """Losses as the recipe chooses them, and what it adds to them."""
    recipe, losses, counts = config.recipe, {}, {}
    chosen = {"single": recipe.single_loss, "ordinal": recipe.ordinal_loss, "multi": recipe.multi_loss}
    for task in tasks:
        balanced = recipe.class_weights == "balanced"
        weights = balanced_weights(train.targets[task.id], task.kind, len(task.labels)) if balanced else None
        losses[task.id] = build_loss(task.kind, chosen[task.kind], weights, recipe.label_smoothing)
        counts[task.id] = build_counts(task.kind, chosen[task.kind], len(task.labels), weights)
    extras = Extras(
        recipe.rdrop, recipe.fgm, recipe.dropout_samples, recipe.uncertainty and len(tasks) > 1, recipe.distill,
        recipe.distill_temperature, recipe.contrastive, recipe.contrastive_temperature,
    )  # fmt: skip
    weights, kinds = {task.id: task.weight for task in tasks}, {task.id: task.kind for task in tasks}
    return Objective(losses, weights, kinds, extras, counts)


def build_score(tasks: Sequence[TaskSpec]) -> Callable[[str, NDArray, NDArray], float]:
    """Primary metric of a task from targets and logits, turned so that higher is better."""
    return functools.partial(_primary, {task.id: task for task in tasks})


def _primary(tasks: dict[str, TaskSpec], name: str, target: NDArray, logits_BC: NDArray) -> float:
    task = tasks[name]
    present = (target >= 0).all(axis=1) if target.ndim == 2 else target >= 0
    if not present.any():
        return float("nan")
    probs_BC = probabilities(logits_BC[present], task.kind)
    gold = target[present].astype(np.int64)
    # Judged as the finished model will decide: early in training few probabilities of a multi task reach one half.
    thresholds = fit_thresholds(probs_BC, gold) if task.kind == "multi" else ()
    value = score(task.primary, gold, predict(probs_BC, task.kind, thresholds), probs_BC)
    metric = METRICS[task.primary]
    if np.isnan(value) and metric.higher_is_better:
        return metric.low  # left out as if the task had no rows, one answer for all would look like progress
    return value if metric.higher_is_better else -value
