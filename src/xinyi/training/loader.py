"""Batches as tensors. The order follows (seed, epoch) alone, and a stopped epoch goes on at the very next batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xinyi.data.batches import TokenBudgetBatches
from xinyi.data.tokens import EncodedSplit
from xinyi.tasks.counts import Counts
from xinyi.training.shares import shares_of
from xinyi.training.transfer import sent


@dataclass
class Batch:
    """Token ids, mask and segment types (B, L), targets of each task, and which rows these are (B,).

    tokens: how many of the ids are no padding. teacher: a teacher's logits (B, C) of tasks that have one.
    weights_B: how much each row counts; None where all count alike. shares: task → how much the batch's mean counts
    among those of its optimiser step, row_share: the same by rows alone (`shares_of`); 1 where they are not given.
    """

    ids_BL: Tensor
    mask_BL: Tensor
    types_BL: Tensor
    targets: dict[str, Tensor]
    rows_B: Tensor
    tokens: int
    teacher: dict[str, Tensor] = field(default_factory=dict)
    weights_B: Tensor | None = None
    shares: dict[str, float] = field(default_factory=dict)
    row_share: float = 1.0

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device; the rows' numbers stay."""
        own = {name: sent(getattr(self, name), device) for name in ("ids_BL", "mask_BL", "types_BL")}
        for name in ("targets", "teacher"):
            own[name] = {task: sent(values, device) for task, values in getattr(self, name).items()}
        own["weights_B"] = None if self.weights_B is None else sent(self.weights_B, device)
        return replace(self, **own)


class BatchLoader:
    """Iterates over an encoded split; Lightning calls `set_epoch` and keeps `state_dict` in its checkpoints.

    There are no worker processes: texts are encoded already, and putting a batch together takes microseconds.

    Args:
        accumulate: batches of one process for an optimiser step.
        counts: see `shares_of`.
    """

    def __init__(
        self,
        split: EncodedSplit,
        batches: TokenBudgetBatches,
        pad_id: int,
        accumulate: int = 1,
        counts: Mapping[str, Counts] | None = None,
    ) -> None:
        self.split, self.batches, self.pad_id = split, batches, pad_id
        self.accumulate, self.counts = accumulate, dict(counts or {})
        self.epoch = self.position = 0

    @property
    def sampler(self) -> BatchLoader:
        """Where Lightning looks for `set_epoch`."""
        return self

    @property
    def batch_sampler(self) -> None:
        """Lightning asks for it wherever there is a sampler; there is none."""

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order the next iteration follows; another than now begins at its first batch."""
        if epoch != self.epoch:
            self.epoch, self.position = epoch, 0

    def state_dict(self) -> dict[str, int]:
        """Where the iteration stands."""
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on from there at the next iteration."""
        self.epoch, self.position = state["epoch"], state["position"]

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        # A generator reads epoch and position at its first batch: Lightning sets the epoch after calling iter().
        order = self.batches.steps(self.epoch)
        # Lightning does not ask for a batch beyond the last, so a finished iteration leaves position at the end.
        start = self.position if self.position < len(order) else 0
        for position in range(start, len(order)):
            self.position = position + 1
            yield self._batch(order, position)
            if self.position != position + 1:  # another iteration has begun meanwhile
                return

    def _batch(self, order: Sequence[Sequence[NDArray[np.int64]]], position: int) -> Batch:
        """This process's batch at a position of the epoch, with its shares where others are of the same step."""
        own_B = order[position][self.batches.rank]
        batch = collate(self.split, own_B, self.pad_id)
        first = position - position % self.accumulate
        step = [rows_B for of_all in order[first : first + self.accumulate] for rows_B in of_all]
        if len(step) == 1:
            return batch
        shares, row_share = shares_of(self.split, own_B, step, self.counts)
        return replace(batch, shares=shares, row_share=row_share)


def collate(split: EncodedSplit, rows_B: NDArray[np.int64], pad_id: int) -> Batch:
    """Gather rows from the flat arrays and pad them to the longest."""
    encoded = split.encoded
    starts_B1 = encoded.offsets[rows_B][:, None]
    lengths_B1 = (encoded.offsets[rows_B + 1] - encoded.offsets[rows_B])[:, None]
    places_L = np.arange(lengths_B1.max())
    mask_BL = places_L < lengths_B1
    flat_BL = np.where(mask_BL, starts_B1 + places_L, 0)
    return Batch(
        ids_BL=torch.from_numpy(np.where(mask_BL, encoded.ids[flat_BL], pad_id).astype(np.int64)),
        mask_BL=torch.from_numpy(mask_BL.astype(np.int64)),
        types_BL=torch.from_numpy(np.where(mask_BL, encoded.types[flat_BL], 0).astype(np.int64)),
        targets={task: torch.from_numpy(values[rows_B]) for task, values in split.targets.items()},
        rows_B=torch.from_numpy(np.asarray(rows_B)),
        tokens=int(lengths_B1.sum()),
        teacher={task: torch.from_numpy(values[rows_B]) for task, values in split.teacher.items()},
        weights_B=None if split.weights is None else torch.from_numpy(split.weights[rows_B]),
    )
