"""Build what training needs from a checked configuration and loaded data."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from xinyi.config import builders
from xinyi.config.schema import TrainConfig
from xinyi.config.schema.trainer import SEVERAL
from xinyi.config.targets import resolve
from xinyi.data import Dataset
from xinyi.data.batches import TokenBudgetBatches
from xinyi.data.store import TokenStore
from xinyi.data.tokens import EncodedSplit, encode_split
from xinyi.encoding import TextEncoder
from xinyi.errors import ConfigError, describe
from xinyi.models.backbone import Backbone, load_backbone
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.pipeline.objective import build_objective, build_score
from xinyi.tasks.spec import TaskSpec
from xinyi.training import precision
from xinyi.training.fit import FitSettings, total_steps
from xinyi.training.loader import BatchLoader
from xinyi.training.module import ClassifierModule
from xinyi.training.optim import OptimSettings, build_optimizer, course, parameter_groups
from xinyi.training.processes import rank


@dataclass
class Parts:
    """A run's pieces, put together but not yet trained.

    notes: what the report says about recipes that did more than change the loss.
    """

    tasks: tuple[TaskSpec, ...]
    encoder: TextEncoder
    splits: dict[str, EncodedSplit]
    backbone: Backbone
    model: MultiTaskClassifier
    module: ClassifierModule
    fit: FitSettings
    precision: str
    on_gpu: bool
    notes: dict[str, Any] = field(default_factory=dict)

    def loader(self, config: TrainConfig, split: str) -> BatchLoader:
        """Batches of a split: shuffled and shared out over the processes for training, in order of length else."""
        train, trainer = split == "train", config.trainer
        world = trainer.devices * trainer.nodes if train else 1
        batches = TokenBudgetBatches(
            self.splits[split].encoded.lengths,
            trainer.batch_tokens if train else trainer.micro_tokens or max(8192, trainer.batch_tokens),
            trainer.batch_rows if train else max(256, trainer.batch_rows),
            seed=config.seed,
            shuffle=train,
            rank=rank(trainer.devices) if train and world > 1 else 0,
            world_size=world,
        )
        accumulate = trainer.accumulate if train else 1
        return BatchLoader(self.splits[split], batches, self.encoder.pad_id, accumulate, self.module.objective.counts)


def assemble(config: TrainConfig, dataset: Dataset) -> Parts:
    """Load the backbone, encode the texts and build the model. Raises ConfigError for what cannot be loaded."""
    on_gpu = config.trainer.accelerator != "cpu" and torch.cuda.is_available()
    if config.trainer.accelerator == "gpu" and not on_gpu:
        remedy = "use trainer=cpu, or install a torch build for this GPU"
        raise ConfigError([describe("a GPU that torch can use", "none", remedy, "trainer.accelerator")])
    if on_gpu and config.trainer.devices > (count := torch.cuda.device_count()):
        wanted, remedy = f"at most the {count} GPUs of this machine", f"set trainer.devices={count}"
        raise ConfigError([describe(wanted, config.trainer.devices, remedy, "trainer.devices")])
    _set_threads(config)
    pl.seed_everything(config.seed, verbose=False)
    backbone = load_backbone(builders.backbone_settings(config), on_gpu)
    if backbone.max_length is not None and backbone.max_length < config.data.max_length:
        wanted, remedy = f"at most {backbone.max_length}, the encoder's positions", "lower data.max_length"
        raise ConfigError([describe(wanted, config.data.max_length, remedy, "data.max_length")])
    encoder = TextEncoder(backbone.tokenizer, builders.encoding_settings(config.data))
    store = TokenStore(Path(config.data.store or Path(config.runs) / ".tokens"))
    splits = {name: encode_split(table, encoder, dataset.tasks, store) for name, table in dataset.splits.items()}
    model = build_model(config, backbone, dataset.tasks)
    flag, why = precision.choose(config.trainer.precision, on_gpu)
    fit = _fit_settings(config, flag, on_gpu)
    module = _module(config, model, dataset.tasks, splits["train"], fit)
    notes = {"lora": _trained(model)} if config.recipe.lora_rank else {}
    return Parts(dataset.tasks, encoder, splits, backbone, model, module, fit, why, on_gpu, notes)


def build_model(config: TrainConfig, backbone: Backbone, tasks: Sequence[TaskSpec]) -> MultiTaskClassifier:
    """One encoder with a head for each task."""
    sizes = {task.id: len(task.labels) for task in tasks}
    own = config.backbone
    size = backbone.hidden_size
    model = MultiTaskClassifier(
        backbone.encoder, sizes, size, own.pooling, own.dropout, standardise=own.standardise, lexical=own.lexical
    )
    if config.recipe.lora_rank:
        model.adapt(config.recipe.lora_rank, config.recipe.lora_alpha)
    return model


def _trained(model: MultiTaskClassifier) -> dict[str, int]:
    """How many weights learn."""
    return {"trained_parameters": sum(p.numel() for p in model.parameters() if p.requires_grad)}


def _set_threads(config: TrainConfig) -> None:
    processes = config.trainer.devices if config.trainer.strategy in SEVERAL else 1
    threads = config.trainer.threads or max(1, (os.cpu_count() or 1) // processes)
    torch.set_num_threads(threads)


def _fit_settings(config: TrainConfig, flag: str, on_gpu: bool) -> FitSettings:
    t = config.trainer
    return FitSettings(
        "gpu" if on_gpu else "cpu", t.devices, t.nodes, t.strategy, flag, t.epochs, t.max_steps, t.patience,
        t.accumulate, config.optim.clip, t.log_every, t.deterministic, t.progress, config.recipe.ema,
        config.recipe.soup,
    )  # fmt: skip


def _module(
    config: TrainConfig, model: MultiTaskClassifier, tasks: Sequence[TaskSpec], train: EncodedSplit, fit: FitSettings
) -> ClassifierModule:
    world = config.trainer.devices * config.trainer.nodes
    batches = TokenBudgetBatches(
        train.encoded.lengths, config.trainer.batch_tokens, config.trainer.batch_rows, config.seed, world_size=world
    )
    optimizer = _optimizer(config, total_steps(len(batches), fit))
    objective, trainer = build_objective(config, tasks, train), config.trainer
    return ClassifierModule(model, objective, optimizer, build_score(tasks), trainer.log_every, trainer.micro_tokens)


def _optimizer(
    config: TrainConfig, steps: int
) -> Callable[[torch.nn.Module], tuple[torch.optim.Optimizer, Callable[[int], float]]]:
    o = config.optim
    settings = OptimSettings(
        o.lr, o.head_lr, o.embedding_lr, o.weight_decay, (o.beta1, o.beta2), o.eps, o.warmup, o.schedule,
        config.recipe.layer_decay,
    )  # fmt: skip
    cls = resolve(o._target_)

    def make(model: torch.nn.Module) -> tuple[torch.optim.Optimizer, Callable[[int], float]]:
        optimizer = build_optimizer(cls, parameter_groups(model, settings), settings)
        return optimizer, course(steps, settings.warmup, settings.schedule)

    return make
