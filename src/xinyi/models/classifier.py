"""One encoder, one linear head for each task; beside them, if wanted, what words say by themselves.

Shape letters: B rows, L tokens, D hidden size, P pooled size (D but for mean_max), C labels of a task.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from xinyi.models import lora
from xinyi.models.fast_modernbert import FastModernBert, fits
from xinyi.models.lexical import Lexical
from xinyi.models.pooling import build_pooling, width


class Heads(nn.ModuleDict):
    """Heads by task id, whatever the id: a plain ModuleDict refuses names such as `type` that a module has already."""

    def add_module(self, name: str, module: nn.Module | None) -> None:
        """Register a head."""
        self._modules[name] = module


class Standardise(nn.Module):
    """(x - mean) / std, with numbers that are measured once and then stay.

    Pooled vectors of a pretrained encoder share one large direction (Ethayarajh 2019): what tells texts apart is small
    beside it, and heads and encoder learn slowly. `fold` makes it part of the heads, so that what is served is the same
    encoder and linear heads as ever.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))

    def measure(self, rows_NP: Tensor) -> None:
        """Take mean and standard deviation of N vectors; a dimension that hardly varies is not blown up."""
        std = rows_NP.std(0, correction=0)
        self.mean.copy_(rows_NP.mean(0))
        self.std.copy_(torch.where(std > 0, std, 1.0).clamp(min=0.1 * float(std.mean()) or 1.0))

    def forward(self, x_BP: Tensor) -> Tensor:
        """Standardised vectors (B, P)."""
        return (x_BP - self.mean) / self.std

    def fold(self, head: nn.Linear) -> None:
        """Change a head so that it answers from vectors as they are: W / std, b - W mean / std."""
        with torch.no_grad():
            head.weight /= self.std
            head.bias -= head.weight @ self.mean


class MultiTaskClassifier(nn.Module):
    """Shared encoder → pooled vector → one linear head a task.

    Args:
        encoder: a Hugging Face encoder whose output has `last_hidden_state` (B, L, D).
        sizes: task id → number of labels.
        hidden_size: D.
        pooling: a name in POOLING_NAMES.
        dropout: on the pooled vector.
        lexical: whether logits of tokens and pairs of tokens are added to the heads' (`lexical.Lexical`).
        standardise: whether the heads see pooled vectors in standard units; `standard.measure` must then be called.
    """

    def __init__(
        self,
        encoder: nn.Module,
        sizes: Mapping[str, int],
        hidden_size: int,
        pooling: str = "mean",
        dropout: float = 0.1,
        standardise: bool = False,
        lexical: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.pooling = pooling
        self.pool = build_pooling(pooling, hidden_size)
        pooled = width(pooling, hidden_size)
        self.standard = Standardise(pooled) if standardise else None
        self.dropout = nn.Dropout(dropout)
        self.heads = Heads({task: nn.Linear(pooled, size) for task, size in sizes.items()})
        self.lexical = Lexical(int(encoder.config.vocab_size), sizes) if lexical else None
        self.takes_types = takes_types(encoder)
        self.fast = FastModernBert(encoder) if fits(encoder.config) else None
        self.adapted = False
        for head in self.heads.values():
            nn.init.trunc_normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def embed(self, ids_BL: Tensor, mask_BL: Tensor, types_BL: Tensor) -> Tensor:
        """Pooled vectors (B, P) in fp32."""
        if self.fast is not None and not torch.compiler.is_exporting():
            hidden_BLD = self.fast(ids_BL, mask_BL)
        else:
            types = {"token_type_ids": types_BL} if self.takes_types else {}
            hidden_BLD = self.encoder(input_ids=ids_BL, attention_mask=mask_BL, **types).last_hidden_state
        return self.pool(hidden_BLD.float(), mask_BL, types_BL)

    def forward(self, ids_BL: Tensor, mask_BL: Tensor, types_BL: Tensor) -> dict[str, Tensor]:
        """Logits (B, C) of each task."""
        own = self.answer(self.embed(ids_BL, mask_BL, types_BL))
        return self.together(own, self.words(ids_BL, mask_BL, types_BL))

    def words(self, ids_BL: Tensor, mask_BL: Tensor, types_BL: Tensor) -> dict[str, Tensor] | None:
        """What tokens and pairs say by themselves, as logits (B, C) of each task; None for a model without."""
        return None if self.lexical is None else self.lexical(ids_BL, mask_BL, types_BL)

    def answer(self, pooled_BP: Tensor) -> dict[str, Tensor]:
        """The heads' logits (B, C) of each task from pooled vectors, under one dropout mask."""
        dropped_BP = self.dropout(self.scaled(pooled_BP))
        return {task: head(dropped_BP) for task, head in self.heads.items()}

    @staticmethod
    def together(own: dict[str, Tensor], words: Mapping[str, Tensor] | None) -> dict[str, Tensor]:
        """The heads' logits with those of words added: a product of experts (Hinton 2002)."""
        return own if words is None else {task: logits + words[task] for task, logits in own.items()}

    def scaled(self, pooled_BP: Tensor) -> Tensor:
        """Pooled vectors as the heads see them: in standard units where those were measured."""
        return pooled_BP if self.standard is None else self.standard(pooled_BP)

    def adapt(self, rank: int, alpha: float) -> None:
        """Train the encoder through adapters only (see `lora.insert`), until `fold` makes them part of it."""
        lora.insert(self.encoder, rank, alpha)
        # The fast forward pass reads the weights themselves and would not see the adapters.
        self.fast, self.adapted = None, True

    def fold(self) -> None:
        """Make adapters part of the encoder, and what was measured before training part of heads and table, for good.

        The answers stay the same, up to rounding.
        """
        if self.adapted:
            lora.merge(self.encoder)
            self.fast, self.adapted = FastModernBert(self.encoder) if fits(self.encoder.config) else None, False
        if self.lexical is not None:
            self.lexical.fold()
        if self.standard is not None:
            for head in self.heads.values():
                self.standard.fold(head)
            self.standard = None


def takes_types(encoder: nn.Module) -> bool:
    """Whether segment types mean anything to an encoder: RoBERTa-like ones have one type, ModernBERT-like ones none.

    transformers wraps `forward`, so that only its signature tells its arguments.
    """
    known = "token_type_ids" in inspect.signature(encoder.forward).parameters
    return known and getattr(encoder.config, "type_vocab_size", 2) > 1
