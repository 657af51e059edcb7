"""Too little memory: how it is told from other errors, and a batch in parts that fit."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from xinyi.models.classifier import MultiTaskClassifier
from xinyi.training.loader import Batch
from xinyi.training.objective import Losses, Objective

# torch has a class of its own for GPUs only.
_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the system or a GPU refused memory."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _WORDS)


def words_of(error: BaseException) -> str:
    """What an error says, on one line."""
    return (" ".join(str(error).split()) or type(error).__name__)[:160]


def parts(batch: Batch, tokens: int) -> list[Batch]:
    """A batch (B, L) as batches of at most `tokens` padded tokens and at least one row each; `tokens` of each is 0."""
    rows, length = batch.ids_BL.shape
    most = max(1, tokens // length)
    pieces = range(0, rows, -(-rows // -(-rows // most)))
    size = pieces.step
    return [_rows(batch, slice(start, start + size)) for start in pieces]


def _rows(batch: Batch, some: slice) -> Batch:
    whole = {name: getattr(batch, name) for name in ("ids_BL", "mask_BL", "types_BL", "rows_B", "weights_B")}
    own = {name: None if values is None else values[some] for name, values in whole.items()}
    for name in ("targets", "teacher"):
        own[name] = {task: values[some] for task, values in getattr(batch, name).items()}
    return replace(batch, **own, tokens=0)


def _share(piece: Batch, batch: Batch) -> float | Tensor:
    """How much of the batch a part is."""
    if batch.weights_B is None or piece.weights_B is None:
        return len(piece.rows_B) / len(batch.rows_B)
    return piece.weights_B.sum() / batch.weights_B.sum()


def in_parts(
    objective: Objective, model: MultiTaskClassifier, batch: Batch, tokens: int, scale: float
) -> tuple[Tensor, Losses]:
    """The objective of a batch, part after part, so that one part's activations are held at a time.

    All parts but the last leave their gradients, times `scale`, at the parameters; the graph of the last is the
    caller's. Each part counts by its rows: where every row has every label, the gradient is that of the whole batch.

    Returns:
        What the whole batch's objective is, with the last part's graph, and the plain loss of each task.
    """
    pieces, total, sums = parts(batch, tokens), None, {}
    for i, piece in enumerate(pieces):
        share = _share(piece, batch)
        loss, each = objective(model, piece)
        loss = share * loss
        sums = {task: sums.get(task, 0.0) + share * value.detach() for task, value in each.items()}
        if i + 1 < len(pieces):
            with torch.autocast(loss.device.type, enabled=False):  # backward runs in what forward chose
                (scale * loss).backward()
            loss = loss.detach()
        total = loss if total is None else total + loss
    return total, sums
