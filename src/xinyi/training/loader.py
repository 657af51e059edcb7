"""Batches as tensors. The order follows (seed, epoch) alone, and a stopped epoch goes on at the very next batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xinyi.data.batches import TokenBudgetBatches
from xinyi.data.tokens import EncodedSplit


@dataclass
class Batch:
    """Token ids, mask and segment types (B, L), targets of each task, and which rows these are (B,).

    tokens: how many of the ids are no padding. teacher: a teacher's logits (B, C) of tasks that have one.
    weights_B: how much each row counts; None where all count alike.
    """

    ids_BL: Tensor
    mask_BL: Tensor
    types_BL: Tensor
    targets: dict[str, Tensor]
    rows_B: Tensor
    tokens: int
    teacher: dict[str, Tensor] = field(default_factory=dict)
    weights_B: Tensor | None = None

    def to(self, device: torch.device, non_blocking: bool = False) -> Batch:
        """The same batch on another device."""

        def moved(tensor: Tensor) -> Tensor:
            return tensor.to(device, non_blocking=non_blocking)

        ids, mask, types = (moved(tensor) for tensor in (self.ids_BL, self.mask_BL, self.types_BL))
        targets, teacher = ({k: moved(v) for k, v in side.items()} for side in (self.targets, self.teacher))
        weights_B = None if self.weights_B is None else moved(self.weights_B)
        return Batch(ids, mask, types, targets, self.rows_B, self.tokens, teacher, weights_B)


class BatchLoader:
    """Iterates over an encoded split; Lightning calls `set_epoch` and keeps `state_dict` in its checkpoints.

    There are no worker processes: texts are encoded already, and putting a batch together takes microseconds.
    """

    def __init__(self, split: EncodedSplit, batches: TokenBudgetBatches, pad_id: int) -> None:
        self.split, self.batches, self.pad_id = split, batches, pad_id
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
        order = self.batches.epoch(self.epoch)
        # Lightning does not ask for a batch beyond the last, so a finished iteration leaves position at the end.
        start = self.position if self.position < len(order) else 0
        for position in range(start, len(order)):
            self.position = position + 1
            yield collate(self.split, order[position], self.pad_id)
            if self.position != position + 1:  # another iteration has begun meanwhile
                return


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
