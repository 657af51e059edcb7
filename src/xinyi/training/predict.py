"""Logits of a whole split, in the order of its rows."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from xinyi.data.batches import TokenBudgetBatches
from xinyi.data.tokens import EncodedSplit
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.training.loader import collate


@torch.inference_mode()
def predict_vectors(
    model: MultiTaskClassifier, split: EncodedSplit, pad_id: int, batch_tokens: int = 8192, batch_rows: int = 256
) -> NDArray[np.float32]:
    """The encoder's pooled vectors (N, D) of a split, in the order of its rows; computed as `predict_logits` does."""
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    parts: dict[int, NDArray[np.float32]] = {}
    for rows_B in TokenBudgetBatches(split.encoded.lengths, batch_tokens, batch_rows, seed=0, shuffle=False).epoch(0):
        batch = collate(split, rows_B, pad_id).to(device)
        vectors_BD = model.embed(batch.ids_BL, batch.mask_BL, batch.types_BL).float().cpu().numpy()
        parts.update(zip(rows_B.tolist(), vectors_BD, strict=True))
    model.train(was_training)
    return np.stack([parts[row] for row in range(len(split.encoded))])


@torch.inference_mode()
def predict_logits(
    model: MultiTaskClassifier, split: EncodedSplit, pad_id: int, batch_tokens: int = 8192, batch_rows: int = 256
) -> dict[str, NDArray[np.float32]]:
    """Task → logits (N, C) in fp32, computed on the device the model is on, batches sorted by length."""
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    batches = TokenBudgetBatches(split.encoded.lengths, batch_tokens, batch_rows, seed=0, shuffle=False)
    out = {task: np.zeros((len(split.encoded), head.out_features), np.float32) for task, head in model.heads.items()}
    for rows_B in batches.epoch(0):
        batch = collate(split, rows_B, pad_id).to(device)
        for task, logits_BC in model(batch.ids_BL, batch.mask_BL, batch.types_BL).items():
            out[task][rows_B] = logits_BC.float().cpu().numpy()
    model.train(was_training)
    return out
