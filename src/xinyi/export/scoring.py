"""Logits of the trained torch model, row by row what the served side must reproduce."""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray

from xinyi.encoding import Encoded
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.runtime.batches import batches, feed


def on_cpu(model: MultiTaskClassifier) -> MultiTaskClassifier:
    """A copy in fp32 on the CPU, in evaluation mode and with attention written out; the original stays as it is."""
    twin = copy.deepcopy(model).cpu().float().eval()
    if hasattr(twin.encoder, "set_attn_implementation"):
        twin.encoder.set_attn_implementation("eager")
    return twin


def torch_logits(model: MultiTaskClassifier, encoded: Encoded, pad_id: int) -> dict[str, NDArray[np.float32]]:
    """Task id → logits (N, C) of encoded rows. The model must be in evaluation mode on the CPU."""
    sizes = {task: head.out_features for task, head in model.heads.items()}
    out = {task: np.empty((len(encoded), size), dtype=np.float32) for task, size in sizes.items()}
    with torch.inference_mode():
        for rows in batches(encoded.lengths):
            inputs = {name: torch.from_numpy(array) for name, array in feed(encoded, rows, pad_id).items()}
            logits = model(inputs["input_ids"], inputs["attention_mask"], inputs["token_type_ids"])
            for task, logits_BC in logits.items():
                out[task][rows] = logits_BC.numpy()
    return out
