"""Split work into pieces of bounded memory: chunks of texts, and batches of rows of like length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from xinyi.encoding import Encoded, pad

CHUNK_TEXTS = 1024
# The tokenizer keeps some 600 bytes a character until a chunk is done.
CHUNK_CHARACTERS = 400_000
# A core does most with what fits its cache (4 layers of 256 units: 1024 tokens took three quarters of the time that
# 4096 took), and attention's memory grows with batch × length².
BATCH_TOKENS = 1024


def chunks(texts: Sequence[str], contexts: Sequence[str]) -> Iterator[slice]:
    """Neighbouring texts, as many as the limits allow and at least one."""
    start = size = 0
    for i, (text, context) in enumerate(zip(texts, contexts, strict=True)):
        size += len(text) + len(context)
        if i > start and (i - start >= CHUNK_TEXTS or size > CHUNK_CHARACTERS):
            yield slice(start, i)
            start, size = i, len(text) + len(context)
    if start < len(texts):
        yield slice(start, len(texts))


def batches(lengths: NDArray[np.int64], tokens: int = BATCH_TOKENS) -> Iterator[NDArray[np.int64]]:
    """Row numbers, longest rows first, so that rows × longest row stays within `tokens` (at least one row)."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, tokens // max(1, int(lengths[order[start]])))
        yield order[start : start + size]
        start += size


def feed(encoded: Encoded, rows: NDArray[np.int64], pad_id: int) -> dict[str, NDArray[np.int64]]:
    """The graph's inputs for these rows, each int64 (B, L): L is the batch's longest row."""
    parts = [slice(encoded.offsets[row], encoded.offsets[row + 1]) for row in rows]
    lengths = encoded.lengths[rows]
    return {
        "input_ids": pad([encoded.ids[part] for part in parts], pad_id),
        "attention_mask": (np.arange(lengths.max()) < lengths[:, None]).astype(np.int64),
        "token_type_ids": pad([encoded.types[part] for part in parts], 0),
    }
