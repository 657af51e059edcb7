"""One encoder, one linear head for each task.

Shape letters: B rows, L tokens, D hidden size, C labels of a task.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from xinyi.models.fast_modernbert import FastModernBert, fits
from xinyi.models.pooling import POOLINGS


class Heads(nn.ModuleDict):
    """Heads by task id, whatever the id: a plain ModuleDict refuses names such as `type` that a module has already."""

    def add_module(self, name: str, module: nn.Module | None) -> None:
        """Register a head."""
        self._modules[name] = module


class MultiTaskClassifier(nn.Module):
    """Shared encoder → pooled vector → one linear head a task.

    Args:
        encoder: a Hugging Face encoder whose output has `last_hidden_state` (B, L, D).
        sizes: task id → number of labels.
        hidden_size: D.
        pooling: a name in POOLINGS.
        dropout: on the pooled vector.
    """

    def __init__(
        self,
        encoder: nn.Module,
        sizes: Mapping[str, int],
        hidden_size: int,
        pooling: str = "mean",
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.pool = POOLINGS[pooling]
        self.dropout = nn.Dropout(dropout)
        self.heads = Heads({task: nn.Linear(hidden_size, size) for task, size in sizes.items()})
        self.takes_types = takes_types(encoder)
        self.fast = FastModernBert(encoder) if fits(encoder.config) else None
        for head in self.heads.values():
            nn.init.trunc_normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def embed(self, ids_BL: Tensor, mask_BL: Tensor, types_BL: Tensor) -> Tensor:
        """Pooled vectors (B, D) in fp32."""
        if self.fast is not None and not torch.compiler.is_exporting():
            hidden_BLD = self.fast(ids_BL, mask_BL)
        else:
            types = {"token_type_ids": types_BL} if self.takes_types else {}
            hidden_BLD = self.encoder(input_ids=ids_BL, attention_mask=mask_BL, **types).last_hidden_state
        return self.pool(hidden_BLD.float(), mask_BL, types_BL)

    def forward(self, ids_BL: Tensor, mask_BL: Tensor, types_BL: Tensor) -> dict[str, Tensor]:
        """Logits (B, C) of each task."""
        return self.answer(self.embed(ids_BL, mask_BL, types_BL))

    def answer(self, pooled_BD: Tensor) -> dict[str, Tensor]:
        """Logits (B, C) of each task from pooled vectors, under one dropout mask."""
        dropped_BD = self.dropout(pooled_BD)
        return {task: head(dropped_BD) for task, head in self.heads.items()}


def takes_types(encoder: nn.Module) -> bool:
    """Whether segment types mean anything to an encoder: RoBERTa-like ones have one type, ModernBERT-like ones none.

    transformers wraps `forward`, so that only its signature tells its arguments.
    """
    known = "token_type_ids" in inspect.signature(encoder.forward).parameters
    return known and getattr(encoder.config, "type_vocab_size", 2) > 1
