"""The masked-language-model loss: hidden vectors of the whole batch, logits of the asked positions only."""

from __future__ import annotations

import contextlib

import torch
from torch import Tensor, nn
from torch.nn import functional

from xinyi.models.fast_modernbert import FastModernBert, fits

# Where Hugging Face puts the layers between the encoder and the vocabulary.
_HEADS = ("cls", "lm_head")
DTYPES = {"bf16": torch.bfloat16, "32": torch.float32}


class MaskedLoss:
    """Loss and hits of a masked-language model.

    Args:
        model: a Hugging Face model for masked language modelling.
        precision: `bf16` or `32`, of the computation; weights and gradients are fp32.
        fast: whether a ModernBERT goes the lean way of models/fast_modernbert.
    """

    def __init__(self, model: nn.Module, precision: str = "bf16", fast: bool = True) -> None:
        self.model, self.dtype = model, DTYPES[precision]
        self.fast = FastModernBert(model.base_model, self.dtype) if fast and fits(model.config) else None

    def __call__(self, ids_BL: Tensor, positions_M: Tensor, targets_M: Tensor) -> tuple[Tensor, Tensor]:
        """Mean cross-entropy (nats) over the asked positions (0 where there is none), and how many were right.

        Args:
            ids_BL: rows of one length, masked.
            positions_M: of the asked tokens in the flattened batch.
            targets_M: what stood there.
        """
        if self.fast is not None:
            logits_MV = self._decoded(self.fast(ids_BL).flatten(0, 1)[positions_M])
        else:
            device = ids_BL.device.type
            wide = self.dtype == torch.float32
            with contextlib.nullcontext() if wide else torch.autocast(device, dtype=self.dtype):
                hidden_BLD = self.model.base_model(input_ids=ids_BL, attention_mask=torch.ones_like(ids_BL))[0]
                logits_MV = self._head(hidden_BLD.flatten(0, 1)[positions_M]).float()
        hits = (logits_MV.detach().argmax(-1) == targets_M).sum()
        # Not the mean of torch: of no position at all (rows of nothing but special tokens) that is no number.
        return functional.cross_entropy(logits_MV, targets_M, reduction="sum") / max(1, len(targets_M)), hits

    def _decoded(self, hidden_MD: Tensor) -> Tensor:
        """ModernBERT's prediction head."""
        head, decoder, fast = self.model.head, self.model.decoder, self.fast
        hidden_MD = fast._norm(functional.gelu(fast._linear(hidden_MD, head.dense)), head.norm.weight)
        return fast._linear(hidden_MD, decoder).float() + decoder.bias

    def _head(self, hidden_MD: Tensor) -> Tensor:
        for name in _HEADS:
            if hasattr(self.model, name):
                return getattr(self.model, name)(hidden_MD)
        return self.model.decoder(self.model.head(hidden_MD))
