"""Logits of the trained torch model, row by row what the served side must reproduce."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xinyi.encoding import Encoded
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.runtime.batches import batches, feed
from xinyi.runtime.classifier import INPUTS


def on_cpu(model: MultiTaskClassifier) -> MultiTaskClassifier:
    """A copy in fp32 on the CPU, in evaluation mode and with attention written out; the original stays as it is."""
    twin = copy.deepcopy(model).cpu().float().eval()
    if hasattr(twin.encoder, "set_attn_implementation"):
        twin.encoder.set_attn_implementation("eager")
    return twin


def torch_logits(model: MultiTaskClassifier, encoded: Encoded, pad_id: int) -> dict[str, NDArray[np.float32]]:
    """Task id → logits (N, C) of encoded rows. The model must be in evaluation mode on the CPU."""
    return score_batches(model, list(model.heads), encoded, pad_id)


def score_batches(
    call: Callable[[Tensor, Tensor, Tensor], Mapping[str, Tensor]], tasks: Sequence[str], encoded: Encoded, pad_id: int
) -> dict[str, NDArray[np.float32]]:
    """Task id → logits (N, C): `call` gets ids, mask and types (B, L) and gives logits (B, C) of each task."""
    found: dict[str, NDArray[np.float32]] = {}
    with torch.inference_mode():
        for rows in batches(encoded.lengths):
            arrays = feed(encoded, rows, pad_id)
            logits = call(*(torch.from_numpy(arrays[name]) for name in INPUTS))
            for task in tasks:
                logits_BC = logits[task].numpy()
                whole = found.setdefault(task, np.empty((len(encoded), logits_BC.shape[1]), dtype=np.float32))
                whole[rows] = logits_BC
    return found
