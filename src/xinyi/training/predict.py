"""Logits and vectors of a whole split, in the order of its rows; where memory runs out, in smaller batches."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from xinyi.data.batches import TokenBudgetBatches
from xinyi.data.tokens import EncodedSplit
from xinyi.errors import TrainingError, describe
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.training.loader import Batch, collate
from xinyi.training.memory import is_out_of_memory, words_of

log = logging.getLogger(__name__)
BATCH_TOKENS = 8192
T = TypeVar("T")


@torch.inference_mode()
def predict_vectors(
    model: MultiTaskClassifier,
    split: EncodedSplit,
    pad_id: int,
    batch_tokens: int = BATCH_TOKENS,
    batch_rows: int = 256,
) -> NDArray[np.float32]:
    """The encoder's pooled vectors (N, D) of a split, in the order of its rows; computed as `predict_logits` does."""
    parts: dict[int, NDArray[np.float32]] = {}

    def vectors(batch: Batch) -> NDArray[np.float32]:
        return model.embed(batch.ids_BL, batch.mask_BL, batch.types_BL).float().cpu().numpy()

    for rows_B, vectors_BD in _asked(model, split, pad_id, batch_tokens, batch_rows, vectors):
        parts.update(zip(rows_B.tolist(), vectors_BD, strict=True))
    return np.stack([parts[row] for row in range(len(split.encoded))])


@torch.inference_mode()
def predict_logits(
    model: MultiTaskClassifier,
    split: EncodedSplit,
    pad_id: int,
    batch_tokens: int = BATCH_TOKENS,
    batch_rows: int = 256,
) -> dict[str, NDArray[np.float32]]:
    """Task → logits (N, C) in fp32, computed on the device the model is on, batches sorted by length.

    Args:
        batch_tokens: padded tokens that go through the model at once at first; half as many after memory ran out.

    Raises:
        TrainingError: too little memory for a single row.
    """
    out = {task: np.zeros((len(split.encoded), head.out_features), np.float32) for task, head in model.heads.items()}

    def logits(batch: Batch) -> dict[str, NDArray[np.float32]]:
        found = model(batch.ids_BL, batch.mask_BL, batch.types_BL)
        return {task: logits_BC.float().cpu().numpy() for task, logits_BC in found.items()}

    for rows_B, found in _asked(model, split, pad_id, batch_tokens, batch_rows, logits):
        for task, logits_BC in found.items():
            out[task][rows_B] = logits_BC
    return out


def _asked(
    model: MultiTaskClassifier, split: EncodedSplit, pad_id: int, tokens: int, rows: int, ask: Callable[[Batch], T]
) -> Iterator[tuple[NDArray[np.int64], T]]:
    """Row numbers of each batch and what the model in evaluation mode answers; batches over what fits are halved."""
    device, was_training, lengths = next(model.parameters()).device, model.training, split.encoded.lengths
    left, most = deque(TokenBudgetBatches(lengths, tokens, rows, seed=0, shuffle=False).epoch(0)), None
    model.eval()
    try:
        while left:
            rows_B = left.popleft()
            size = len(rows_B) * int(lengths[rows_B].max())
            if most is not None and size > most and len(rows_B) > 1:
                left.extendleft(reversed(np.array_split(rows_B, 2)))
                continue
            try:
                found = ask(collate(split, rows_B, pad_id).to(device))
            except (RuntimeError, MemoryError) as error:
                most, found = _less(error, size, len(rows_B)), None
            if found is None:  # out here the error is gone, and with it what its traceback held in memory
                left.appendleft(rows_B)
                torch.cuda.empty_cache()  # does nothing where no GPU was used
            else:
                yield rows_B, found
    finally:
        model.train(was_training)


def _less(error: RuntimeError | MemoryError, size: int, rows: int) -> int:
    """Half of what did not fit. Raises what is not about memory, and TrainingError where it was a single row."""
    if not is_out_of_memory(error):
        raise error
    got = words_of(error)
    if rows == 1:
        where, remedy = f"memory for a row of {size} tokens", "lower data.max_length in a new run, or free memory"
        raise TrainingError(describe(where, got, remedy, "prediction")) from None
    log.warning("out of memory for %s padded tokens at once (%s): predicting with at most %s", size, got, size // 2)
    return size // 2
