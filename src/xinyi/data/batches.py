"""Batches by token budget: rows of like length together, put together anew each epoch, the same number each epoch."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xinyi.errors import ConfigError, describe

NOISE = 0.1  # share of a row's length by which its place in the sorted order may move
SLACK = 0.03  # share of batches beyond the tightest packing, so that a shuffled packing fits
_TRIES = 6  # halvings of the noise before none is used

Rows = NDArray[np.int64]


class TokenBudgetBatches:
    """Row indices of each batch of an epoch.

    A batch's padded size, rows * longest row, is at most `batch_tokens` (a single row over the budget is a batch of
    its own), and it has at most `batch_rows` rows. Each row occurs exactly once an epoch over all ranks. The number
    of batches is a multiple of `world_size` and the same for every epoch and rank, so that schedules can be counted
    beforehand and no rank waits for another. Only when the rows are too few for that (fewer than `world_size`, or
    none can be split off) are batches repeated from the start of the epoch.

    Args:
        lengths: tokens in each row (N,).
        batch_tokens: the padded tokens a batch may hold.
        batch_rows: the rows a batch may hold.
        seed: with the epoch's number, all that the order depends on.
        shuffle: False gives rows from long to short, for evaluation.
        rank, world_size: which of the processes' shares to give.

    Raises:
        ConfigError: no rows, a budget below 1, or a rank outside the world.
    """

    def __init__(
        self,
        lengths: Sequence[int] | NDArray[np.integer],
        batch_tokens: int,
        batch_rows: int,
        seed: int,
        shuffle: bool = True,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.batch_tokens, self.batch_rows = batch_tokens, batch_rows
        self.seed, self.shuffle, self.rank, self.world_size = seed, shuffle, rank, world_size
        if problems := list(self._problems()):
            raise ConfigError(problems, title="batches cannot be made")
        self._total = self._count()

    def __len__(self) -> int:
        """Batches of an epoch for this rank."""
        return self._total // self.world_size

    def epoch(self, n: int) -> list[Rows]:
        """This rank's batches of epoch `n`, as arrays of row indices."""
        return [step[self.rank] for step in self.steps(n)]

    def steps(self, n: int) -> list[list[Rows]]:
        """The batches of epoch `n`: of each step those of all ranks."""
        rng = np.random.Generator(np.random.PCG64([self.seed, n]))
        batches = self._fill(self._packed(rng))
        # Batches of like length form one step over the ranks, so that no rank waits long for another.
        batches.sort(key=self._longest, reverse=True)
        steps = np.arange(self._total).reshape(-1, self.world_size)
        if self.shuffle:
            steps = rng.permuted(rng.permutation(steps, axis=0), axis=1)
        return [[batches[i] for i in step] for step in steps]

    def _problems(self):
        if self.lengths.ndim != 1 or len(self.lengths) == 0:
            yield describe("at least one row", "none", "check the split's files", "lengths")
        if self.batch_tokens < 1 or self.batch_rows < 1:
            got = f"{self.batch_tokens} and {self.batch_rows}"
            yield describe("batch_tokens and batch_rows of at least 1", got, "raise them", "trainer")
        if not 0 <= self.rank < self.world_size:
            yield describe(f"a rank from 0 to {self.world_size - 1}", self.rank, "check the launcher", "rank")

    def _count(self) -> int:
        """Batches of an epoch over all ranks."""
        tight = len(self._pack(np.argsort(-self.lengths, kind="stable")))
        # A single batch holds every order of its rows and needs no slack.
        wanted = math.ceil(tight * (1 + SLACK)) if self.shuffle and tight > 1 else tight
        rows, world = len(self.lengths), self.world_size
        total = _round_up(wanted, world)
        if total > rows and tight <= rows // world * world:
            total = rows // world * world
        return total

    def _packed(self, rng: np.random.Generator) -> list[Rows]:
        """A packing into at most the fixed number of batches: less noise until it fits. Without noise it always does,
        because the sequence of lengths is then the one that was counted."""
        if not self.shuffle:
            return self._pack(np.argsort(-self.lengths, kind="stable"))
        for noise in [*(NOISE / 2**i for i in range(_TRIES)), 0.0]:
            noisy = self.lengths * (1 + noise * rng.uniform(-1, 1, len(self.lengths)))
            batches = self._pack(np.lexsort((rng.random(len(noisy)), -noisy)))
            if len(batches) <= self._total:
                break
        return batches

    def _pack(self, order: Rows) -> list[Rows]:
        """Cut an order of rows greedily into batches within the budget."""
        lengths, batches, start = self.lengths[order], [], 0
        while start < len(order):
            window = lengths[start : start + self.batch_rows]
            padded = np.maximum.accumulate(window) * np.arange(1, len(window) + 1)
            # The padded size only grows along the window.
            size = max(1, int(np.searchsorted(padded, self.batch_tokens, side="right")))
            batches.append(order[start : start + size])
            start += size
        return batches

    def _fill(self, batches: list[Rows]) -> list[Rows]:
        """Bring a packing up to the fixed number: split the batches with most rows, then repeat from the start."""
        heap = [(-len(batch), i, batch) for i, batch in enumerate(batches)]
        heapq.heapify(heap)
        serial = len(heap)
        while len(heap) < self._total and -heap[0][0] > 1:
            _, _, batch = heapq.heappop(heap)
            half = len(batch) // 2
            for part in (batch[:half], batch[half:]):
                heapq.heappush(heap, (-len(part), serial, part))
                serial += 1
        filled = [batch for _, _, batch in sorted(heap, key=lambda item: item[1])]
        return [filled[i % len(filled)] for i in range(self._total)]

    def _longest(self, batch: Rows) -> int:
        return int(self.lengths[batch].max())


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
