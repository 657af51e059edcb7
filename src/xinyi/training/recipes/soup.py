"""Greedy soup: the mean of several checkpoints' weights, where it validates better (Wortsman et al. 2022).

The paper averages runs of different settings; here the ingredients are the best checkpoints of one run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from xinyi.training.callbacks import BestCheckpoint

Weights = Mapping[str, Tensor]
PATTERN = "soup-*.ckpt"


class Ingredients(BestCheckpoint):
    """Keeps the weights of the validations with the best `val/primary` in soup-<step>.ckpt.

    Args:
        folder: where to.
        count: how many.
    """

    def __init__(self, folder: Path, count: int) -> None:
        super().__init__(folder, "soup-{step}", count)


@dataclass(frozen=True)
class Soup:
    """What came out: weights, the numbers of the ingredients in it, its score and that of the best one alone."""

    weights: dict[str, Tensor]
    kept: tuple[int, ...]
    score: float
    alone: float


def greedy_soup(ingredients: Sequence[Weights], score: Callable[[Weights], float]) -> Soup:
    """Begin with the best ingredient and stir in one after the other, from good to bad, while the score does not fall.

    Recipe 1 of the paper. A score that is NaN counts as worse than any.

    Args:
        ingredients: weights of the same names and shapes, at least one.
        score: higher is better.
    """
    alone = [_number(score(weights)) for weights in ingredients]
    first, *others = sorted(range(len(ingredients)), key=lambda i: -alone[i])
    kept, best = [first], alone[first]
    for i in others:
        tried = _number(score(mean([ingredients[k] for k in (*kept, i)])))
        if tried >= best:
            kept, best = [*kept, i], tried
    return Soup(mean([ingredients[k] for k in kept]), tuple(kept), best, alone[first])


def mean(each: Sequence[Weights]) -> dict[str, Tensor]:
    """The mean of each tensor; what holds whole numbers is the first one's."""
    return {
        name: torch.stack([weights[name] for weights in each]).mean(0) if tensor.is_floating_point() else tensor
        for name, tensor in each[0].items()
    }


def _number(value: float) -> float:
    return value if value == value else float("-inf")
