"""Optimiser groups and the learning rate's course."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from xinyi.models.lexical import RATE
from xinyi.training.muon import MATRICES, MuonAdamW

LEXICAL = "lexical."
NEW = ("heads.", "pool.", LEXICAL)  # parts whose weights nobody trained before
_LAYER = re.compile(r"\.layers?\.(\d+)\.")


@dataclass(frozen=True)
class OptimSettings:
    """Plain numbers of the configuration group `optim`, and the layer-wise decay of the recipe."""

    lr: float = 5e-4
    head_lr: float | None = None
    embedding_lr: float | None = None
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = 1e-8
    warmup: float = 0.1
    schedule: str = "linear"
    layer_decay: float = 1.0


def parameter_groups(model: nn.Module, settings: OptimSettings) -> list[dict[str, Any]]:
    """Groups by learning rate and weight decay.

    Biases, norms and embeddings have no weight decay. Groups marked MATRICES hold the weight matrices of the encoder's
    layers, which MuonAdamW learns in its own way. With `layer_decay` < 1 each encoder layer learns at that share of
    the rate of the layer above it, the embeddings most slowly (Howard and Ruder 2018), but for an `embedding_lr`.
    """
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    depth = 1 + max((_layer(name) for name, _ in named), default=0)
    embeddings = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    groups: dict[tuple[float, float, bool], list[nn.Parameter]] = {}
    for name, parameter in named:
        plain = parameter.ndim < 2 or id(parameter) in embeddings
        matrix = not plain and parameter.ndim == 2 and _layer(name) > 0
        rate = _rate(name, depth, settings, id(parameter) in embeddings)
        key = (rate, 0.0 if plain else settings.weight_decay, matrix)
        groups.setdefault(key, []).append(parameter)
    return [
        {"params": ps, "lr": lr, "weight_decay": decay, MATRICES: matrix} for (lr, decay, matrix), ps in groups.items()
    ]


def _layer(name: str) -> int:
    """1 for the lowest layer; 0 for embeddings."""
    found = _LAYER.search(name)
    return int(found.group(1)) + 1 if found else 0


def _rate(name: str, depth: int, settings: OptimSettings, embedding: bool) -> float:
    if name.startswith(NEW):
        rate = settings.lr if settings.head_lr is None else settings.head_lr
        return RATE * rate if name.startswith(LEXICAL) else rate
    if embedding and settings.embedding_lr is not None:
        return settings.embedding_lr
    layer = _layer(name)
    # What is no numbered layer is either below them all (embeddings) or above (a final norm).
    height = depth if layer == 0 and "embed" not in name else layer
    return settings.lr * settings.layer_decay ** (depth - height)


def course(steps: int, warmup: float, schedule: str) -> Callable[[int], float]:
    """Factor of the learning rate at each step: rises linearly, then falls as the schedule says, to zero at the end."""
    rise = max(1, round(steps * warmup))

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        done = min(1.0, (step - rise) / max(1, steps - rise))
        if schedule == "constant":
            return 1.0
        return 0.5 * (1.0 + math.cos(math.pi * done)) if schedule == "cosine" else 1.0 - done

    return factor


def build_optimizer(cls: type, groups: Iterable[dict[str, Any]], settings: OptimSettings) -> torch.optim.Optimizer:
    """The optimiser of an allowed class, fused where torch has it."""
    if cls is MuonAdamW:
        return MuonAdamW(groups, settings.betas, settings.eps)
    if issubclass(cls, torch.optim.SGD):
        groups = list(groups)
        # torch has no fused SGD for weights that are shared out over processes.
        whole = not any(hasattr(weight, "full_tensor") for group in groups for weight in group["params"])
        return cls(groups, lr=settings.lr, momentum=settings.betas[0], fused=whole)
    options: dict[str, Any] = {"lr": settings.lr, "betas": settings.betas, "eps": settings.eps}
    if cls in (torch.optim.AdamW, torch.optim.Adam):
        options["fused"] = True
    return cls(groups, **options)
