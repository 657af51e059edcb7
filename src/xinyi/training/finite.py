"""Notices the first loss or gradient that is not finite, and which rows it came from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, distributed

from xinyi.errors import TrainingError, describe

# Row numbers in a message; all of them are in `NotFinite.rows`.
SHOWN = 8
LOSS, NORM = "loss", "gradient norm"


class NotFinite(TrainingError):  # noqa: N818 - says what the loss is, not what kind of class this is
    """The loss or the gradient of a step is not finite; checkpoints are from before it.

    Args:
        what: "loss" or "gradient norm".
        value: what was got.
        step: optimiser step, from 0.
        rows: the batch's rows in the training split.
        names: how the rows are called in the message; default: their numbers in the split.
    """

    def __init__(self, what: str, value: float, step: int, rows: Sequence[int], names: Sequence[str] = ()) -> None:
        self.what, self.value, self.step, self.rows = what, value, step, tuple(rows)
        names = names or [str(row) for row in self.rows]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        remedy = "lower optim.lr, or use trainer.precision=32, and start a new run"
        super().__init__(
            f"{describe(f'a finite {what}', f'{value} at step {step}', remedy, 'training')}. "
            f"The batch held training rows {', '.join(names[:SHOWN])}{more}. "
            "The checkpoints from before this step are kept."
        )

    def called(self, names: Sequence[str]) -> NotFinite:
        """The same error with names for the rows."""
        return NotFinite(self.what, self.value, self.step, self.rows, names)


def poisoned(loss: Tensor) -> Tensor:
    """The loss; where it is not finite its gradients are not either, and averaging takes them to every process."""
    return loss * torch.where(torch.isfinite(loss.detach()), 1.0, math.nan)


@dataclass(frozen=True)
class _Seen:
    what: str
    step: int
    value: Tensor
    batches: tuple[Tensor, ...]

    @property
    def rows(self) -> list[int]:
        return [int(row) for rows_B in self.batches for row in rows_B]


class FiniteWatch:
    """Looks at every loss and gradient norm: on a CPU at once, before the weights change.

    Asking a GPU makes it wait, so there the values are kept on the device and asked for every few steps, and always
    before anything is saved: a checkpoint never holds what came of them.

    Several processes each have their own losses (`poisoned`), but share the gradient: they judge by its norm, all at
    the same step, and then tell each other whose loss it was. All raise the same error.

    Args:
        every: optimiser steps between two questions to a GPU.
    """

    def __init__(self, every: int = 20) -> None:
        self.every = every
        self._pending: list[_Seen] = []
        self._batches: list[Tensor] = []

    def loss(self, value: Tensor, step: int, rows_B: Tensor) -> None:
        """Take a batch's loss, a scalar without graph. Raises NotFinite."""
        self._batches.append(rows_B)
        self._take(_Seen(LOSS, step, value, (rows_B,)))

    def norm(self, value: Tensor, step: int) -> None:
        """Take the gradient's norm of an optimiser step over the batches since the last. Raises NotFinite."""
        batches, self._batches = tuple(self._batches), []
        self._take(_Seen(NORM, step, value, batches))

    def check(self) -> None:
        """Ask for all that was taken, of several processes for whole steps; waits for the device. Raises NotFinite."""
        several = distributed.is_initialized() and distributed.get_world_size() > 1
        whole = [place for place, seen in enumerate(self._pending, 1) if seen.what == NORM or not several]
        count = max(whole, default=0)
        ready, self._pending = self._pending[:count], self._pending[count:]
        values = torch.stack([seen.value.float() for seen in ready]).tolist() if ready else []
        bad = [(seen, value) for seen, value in zip(ready, values, strict=True) if not math.isfinite(value)]
        if several:
            for norm, value in [pair for pair in bad if pair[0].what == NORM][:1]:
                raise _shared(norm, value, [pair for pair in bad if pair[0].step == norm.step and pair[0].what == LOSS])
        for seen, value in bad[:1]:
            raise NotFinite(seen.what, value, seen.step, seen.rows)

    def _take(self, seen: _Seen) -> None:
        self._pending.append(seen)
        if seen.value.device.type == "cpu" or seen.step - self._pending[0].step >= self.every:
            self.check()


def _shared(norm: _Seen, value: float, losses: Sequence[tuple[_Seen, float]]) -> NotFinite:
    """The same error for all processes: the rows of those whose loss it was, of all where it was nobody's."""
    own = [row for seen, _ in losses for row in seen.rows] or norm.rows
    told = torch.tensor([bool(losses), losses[0][1] if losses else value, len(own)], dtype=torch.float64)
    device = norm.value.device
    about = _gathered(told.to(device)).tolist()
    padded = torch.full((int(max(row[2] for row in about)),), -1)
    padded[: len(own)] = torch.tensor(own)
    rows = _gathered(padded.to(device)).tolist()
    guilty = [rank for rank, (bad, _, _) in enumerate(about) if bad]
    found = [row for rank in guilty or range(len(rows)) for row in rows[rank] if row >= 0]
    if guilty:
        return NotFinite(LOSS, about[guilty[0]][1], norm.step, found)
    return NotFinite(NORM, value, norm.step, found)


def _gathered(values_N: Tensor) -> Tensor:
    """Of all processes (R, N), in their order."""
    found = [torch.empty_like(values_N) for _ in range(distributed.get_world_size())]
    distributed.all_gather(found, values_N)
    return torch.stack(found)
