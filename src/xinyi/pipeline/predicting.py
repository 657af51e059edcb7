"""What a run's model answers to rows of its own, in batches that fit where its training did."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xinyi.data.tokens import EncodedSplit
from xinyi.pipeline.parts import Parts
from xinyi.training import predict


def logits_of(parts: Parts, split: EncodedSplit) -> dict[str, NDArray[np.float32]]:
    """Task → logits (N, C). Raises TrainingError as `predict_logits`."""
    return predict.predict_logits(parts.model, split, parts.encoder.pad_id, batch_tokens(parts))


def vectors_of(parts: Parts, split: EncodedSplit) -> NDArray[np.float32]:
    """Pooled vectors (N, D). Raises TrainingError as `predict_logits`."""
    return predict.predict_vectors(parts.model, split, parts.encoder.pad_id, batch_tokens(parts))


def batch_tokens(parts: Parts) -> int:
    """No more padded tokens at once than training settled at, where it had to."""
    return min(predict.BATCH_TOKENS, parts.module.micro_tokens or predict.BATCH_TOKENS)
