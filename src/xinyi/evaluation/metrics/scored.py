"""Rows to be scored, under one or many weightings at once.

A bootstrap resample is a weighting of the rows (how often each was drawn), so that a metric written for weights
gives its value and a thousand resampled values by the same few matrix products.

Shape letters: B rows, C labels, R weightings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Scored:
    """Labelled rows with their answers; counts shared by several metrics are made once.

    gold, predicted: label indices (B,) for single and ordinal tasks, 0/1 matrices (B, C) for multi.
    probs_BC: probabilities. weights_BR: how much each row counts, one column a weighting.
    """

    gold: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probs_BC: NDArray[np.float64]
    weights_BR: NDArray[np.float64]

    @classmethod
    def of(cls, gold: NDArray, predicted: NDArray, probs_BC: NDArray, weights_BR: NDArray | None = None) -> Scored:
        """Rows under the given weightings, or under one in which each row counts once."""
        if weights_BR is None:
            weights_BR = np.ones((len(gold), 1))
        gold, predicted = np.asarray(gold, dtype=np.int64), np.asarray(predicted, dtype=np.int64)
        return cls(gold, predicted, np.asarray(probs_BC, dtype=np.float64), weights_BR)

    def mean(self, values_B: NDArray) -> NDArray[np.float64]:
        """The weighted mean of one value a row; (R,). NaN where nothing has weight."""
        return ratio(np.asarray(values_B, dtype=np.float64) @ self.weights_BR, self.total_R, np.nan)

    @cached_property
    def total_R(self) -> NDArray[np.float64]:
        """The weight of all rows."""
        return self.weights_BR.sum(axis=0)

    @cached_property
    def gold_rank(self) -> NDArray[np.int64]:
        """How many labels come before the gold one by probability (ties: by index); (B,), for one label a row."""
        own_B1 = np.take_along_axis(self.probs_BC, self.gold[:, None], axis=1)
        before_BC = np.arange(self.probs_BC.shape[1])[None, :] < self.gold[:, None]
        return ((self.probs_BC > own_B1) | ((self.probs_BC == own_B1) & before_BC)).sum(axis=1)

    @cached_property
    def gold_BC(self) -> NDArray[np.float64]:
        """Gold answers as 0/1, whatever the kind."""
        return self._one_hot(self.gold)

    @cached_property
    def predicted_BC(self) -> NDArray[np.float64]:
        """Decisions as 0/1, whatever the kind."""
        return self._one_hot(self.predicted)

    @cached_property
    def hits_CR(self) -> NDArray[np.float64]:
        """True positives of each label."""
        return (self.gold_BC * self.predicted_BC).T @ self.weights_BR

    @cached_property
    def support_CR(self) -> NDArray[np.float64]:
        """How often each label is the gold answer."""
        return self.gold_BC.T @ self.weights_BR

    @cached_property
    def given_CR(self) -> NDArray[np.float64]:
        """How often each label is the decision."""
        return self.predicted_BC.T @ self.weights_BR

    @cached_property
    def f1_CR(self) -> NDArray[np.float64]:
        """F1 of each label; 0 for one that is present and never hit, NaN for one in neither gold nor decisions."""
        return ratio(2.0 * self.hits_CR, self.support_CR + self.given_CR, np.nan)

    def _one_hot(self, answers: NDArray[np.int64]) -> NDArray[np.float64]:
        if answers.ndim == 2:
            return answers.astype(np.float64)
        out_BC = np.zeros(self.probs_BC.shape)
        out_BC[np.arange(len(answers)), answers] = 1.0
        return out_BC


def ratio(top: NDArray, bottom: NDArray, empty: float) -> NDArray[np.float64]:
    """top / bottom, and `empty` where bottom is 0."""
    top, bottom = np.broadcast_arrays(np.asarray(top, dtype=np.float64), bottom)
    return np.divide(top, bottom, out=np.full(top.shape, empty), where=bottom != 0)


def mean_present(values_CR: NDArray) -> NDArray[np.float64]:
    """The mean over the labels whose value is not NaN; (R,). NaN where no label has one."""
    present_CR = ~np.isnan(values_CR)
    return ratio(np.where(present_CR, values_CR, 0.0).sum(axis=0), present_CR.sum(axis=0), np.nan)
