"""Notices the first loss or gradient that is not finite, and which rows it came from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from xinyi.errors import TrainingError, describe

# Row numbers in a message; all of them are in `NotFinite.rows`.
SHOWN = 8


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


@dataclass(frozen=True)
class _Seen:
    what: str
    step: int
    value: Tensor
    batches: tuple[Tensor, ...]


class FiniteWatch:
    """Looks at every loss and gradient norm: on a CPU at once, before the weights change.

    Asking a GPU makes it wait, so there the values are kept on the device and asked for every few steps, and always
    before anything is saved: a checkpoint never holds what came of them.

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
        self._take(_Seen("loss", step, value, (rows_B,)))

    def norm(self, value: Tensor, step: int) -> None:
        """Take the gradient's norm of an optimiser step over the batches since the last. Raises NotFinite."""
        batches, self._batches = tuple(self._batches), []
        self._take(_Seen("gradient norm", step, value, batches))

    def check(self) -> None:
        """Ask for all that was taken; waits for the device. Raises NotFinite."""
        pending, self._pending = self._pending, []
        values = torch.stack([seen.value.float() for seen in pending]).tolist() if pending else []
        for seen, value in zip(pending, values, strict=True):
            if not math.isfinite(value):
                rows = [int(row) for rows_B in seen.batches for row in rows_B]
                raise NotFinite(seen.what, value, seen.step, rows)

    def _take(self, seen: _Seen) -> None:
        self._pending.append(seen)
        if seen.value.device.type == "cpu" or seen.step - self._pending[0].step >= self.every:
            self.check()
