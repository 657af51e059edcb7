"""A training run of seconds for the tests of training: random token ids, a random encoder, three heads."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from transformers import BertConfig, BertModel

from xinyi.data.batches import TokenBudgetBatches
from xinyi.data.tokens import EncodedSplit
from xinyi.encoding import Encoded
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.tasks.losses import multi_loss, single_loss
from xinyi.training.fit import FitSettings, total_steps
from xinyi.training.loader import BatchLoader
from xinyi.training.module import ClassifierModule
from xinyi.training.muon import MuonAdamW
from xinyi.training.objective import Extras, Objective
from xinyi.training.optim import OptimSettings, build_optimizer, course, parameter_groups

VOCABULARY = 40
SIZES = {"sentiment": 5, "emotion": 3, "intent": 4}
KINDS = {"sentiment": "ordinal", "emotion": "multi", "intent": "single"}


def tiny_split(rows: int, seed: int = 0) -> EncodedSplit:
    """Random ids of unlike lengths; the labels can be read off the ids, and some rows lack one."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 12, rows)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = rng.integers(5, VOCABULARY, offsets[-1]).astype(np.int32)
    first = ids[offsets[:-1]].astype(np.int64)
    emotion = np.stack([(first >> bit) & 1 for bit in range(3)], axis=1).astype(np.float32)
    emotion[::7] = -1.0
    targets = {"sentiment": first % 5, "emotion": emotion, "intent": np.where(np.arange(rows) % 5, first % 4, -1)}
    none = np.zeros(rows, dtype=np.int32)
    encoded = Encoded(ids, np.zeros(len(ids), np.int8), offsets, none.astype(bool), none)
    return EncodedSplit(encoded, targets)


def tiny_encoder(dropout: float = 0.1, seed: int = 0) -> BertModel:
    """BERT with one layer of 32 units."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=32, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
    )  # fmt: skip
    return BertModel(config, add_pooling_layer=False)


@dataclass
class TinyRun:
    """What `fit` takes."""

    module: ClassifierModule
    train: BatchLoader
    validation: BatchLoader
    settings: FitSettings


def tiny_run(
    score: Callable[..., float] | None = None,
    seed: int = 0,
    dropout: float = 0.1,
    rows: int = 40,
    world: int = 1,
    optimizer: str = "AdamW",
    extras: Extras | None = None,
    **changes: Any,
) -> TinyRun:
    """A run of about six batches an epoch, put together anew from its seed."""
    torch.set_num_threads(1)
    base = FitSettings(epochs=4, patience=0, progress=False, log_every=1)
    settings = replace(base, **changes)
    train = _loader(tiny_split(rows), 64, 8, True, world, settings.accumulate)
    validation = _loader(tiny_split(16, seed=1), 256, 32, False)
    model = MultiTaskClassifier(tiny_encoder(dropout, seed), SIZES, 32, "mean", dropout)
    steps = total_steps(len(train), settings)
    optim = OptimSettings(lr=1e-3)

    def make(model: torch.nn.Module) -> tuple[torch.optim.Optimizer, Callable[[int], float]]:
        cls = MuonAdamW if optimizer == "MuonAdamW" else getattr(torch.optim, optimizer)
        made = build_optimizer(cls, parameter_groups(model, optim), optim)
        return made, course(steps, optim.warmup, optim.schedule)

    losses = {"sentiment": single_loss(), "emotion": multi_loss(), "intent": single_loss()}
    weights = dict.fromkeys(losses, 1.0)
    module = ClassifierModule(
        model, Objective(losses, weights, KINDS, extras), make, score or _agreement, settings.log_every
    )
    pl.seed_everything(seed, verbose=False)
    module.train()
    return TinyRun(module, train, validation, settings)


def _loader(
    split: EncodedSplit, tokens: int, rows: int, shuffle: bool, world: int = 1, accumulate: int = 1
) -> BatchLoader:
    batches = TokenBudgetBatches(split.encoded.lengths, tokens, rows, 3, shuffle, 0, world)
    return BatchLoader(split, batches, 0, accumulate)


def _agreement(task: str, target: np.ndarray, logits: np.ndarray) -> float:
    """Share of right answers."""
    if target.ndim == 2:
        return float(((logits > 0) == (target > 0)).mean())
    return float((logits.argmax(1) == target).mean())


def spoil(patch: Callable[..., None]) -> None:
    """Let the batch of one training row have no finite loss or no finite gradient: SPOIL=ROW,loss or ROW,gradient.

    patch: sets an attribute, such as `setattr`.
    """
    row, what = os.environ["SPOIL"].split(",")
    original = Objective.forward

    def forward(self, model, batch):
        loss, each = original(self, model, batch)
        if int(row) not in batch.rows_B.tolist():
            return loss, each
        if what == "loss":
            return loss * float("nan"), each
        loss.register_hook(lambda gradient: gradient * float("nan"))
        return loss, each

    patch(Objective, "forward", forward)


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    """The weights in a checkpoint."""
    from xinyi.training.checkpoint_io import load_checkpoint

    return load_checkpoint(path)["state_dict"]
