"""How much a batch counts among those of the same optimiser step.

The batches of several processes, and those of an accumulated step, each have a mean of their own, and the step takes
the mean of these. A batch with one labelled row would count as much as one with fifty: here it counts by its rows, so
that the step's gradient is that of all its rows together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from xinyi.data.tokens import EncodedSplit
from xinyi.tasks.counts import Counts, labelled

Rows = NDArray[np.int64]


def shares_of(
    split: EncodedSplit, own_B: Rows, step: Sequence[Rows], counts: Mapping[str, Counts]
) -> tuple[dict[str, float], float]:
    """Task → the batch's share, and its share of the rows; both are 1 on average over the step.

    Args:
        own_B: the batch's rows.
        step: the rows of each batch of the step, over all processes; this one's among them.
        counts: task → how much a row counts; by default each labelled row alike.
    """
    all_N = np.concatenate(step)
    shares = {}
    for task in split.targets:
        sums = [float(_counted(split, task, rows, counts).sum()) for rows in (own_B, all_N)]
        # No row of the step has the label: the loss is zero, whatever its share.
        shares[task] = len(step) * sums[0] / sums[1] if sums[1] else 1.0
    return shares, len(step) * len(own_B) / len(all_N)


def _counted(split: EncodedSplit, task: str, rows_B: Rows, counts: Mapping[str, Counts]) -> NDArray[np.float64]:
    target = split.targets[task][rows_B]
    if split.weights is not None:  # rows then count by their own weights: `recipes.pseudo.weighted`
        return split.weights[rows_B] * labelled(target)
    return counts.get(task, labelled)(target)
