"""Run Lightning's Trainer: early stopping, the best and the last checkpoint, and a clean end whatever happens."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.environments import LightningEnvironment
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint

from xinyi.errors import BundleError, describe
from xinyi.training.allocator import keep_freed_memory
from xinyi.training.callbacks import BestCheckpoint, Meter, RandomState, StopAt
from xinyi.training.checkpoint_io import SafetensorsCheckpointIO, load_checkpoint
from xinyi.training.epoch_log import EpochLog
from xinyi.training.loader import BatchLoader
from xinyi.training.module import ClassifierModule
from xinyi.training.progress import RunProgress
from xinyi.training.recipes.ema import MovingAverage
from xinyi.training.recipes.soup import Ingredients
from xinyi.training.sharded import Sharded
from xinyi.training.still import check_still
from xinyi.training.survival import Survival

LAST = "last.ckpt"


@dataclass(frozen=True)
class FitSettings:
    """Plain values of the configuration group `trainer`; `precision` is Lightning's flag.

    ema: decay of the weights' moving average, 0 for none. soup: checkpoints kept for a soup, 0 for none.
    """

    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    strategy: str = "auto"
    precision: str = "32-true"
    epochs: int = 8
    max_steps: int | None = None
    patience: int = 3
    accumulate: int = 1
    clip: float = 1.0
    log_every: int = 20
    deterministic: bool = True
    progress: bool = True
    ema: float = 0.0
    soup: int = 0


@dataclass(frozen=True)
class FitResult:
    """How training went."""

    best: Path
    best_score: float
    seconds: float
    epochs: int
    steps: int
    tokens: int


def total_steps(batches: int, settings: FitSettings) -> int:
    """Optimiser steps of a whole run. Counted here: Lightning's own estimate loses the loader's state on resume."""
    steps = settings.epochs * math.ceil(batches / settings.accumulate)
    return min(steps, settings.max_steps or steps)


def fit(
    module: ClassifierModule,
    train: BatchLoader,
    validation: BatchLoader,
    run: Path,
    settings: FitSettings,
    loggers: Sequence[Any] = (),
    resume: Path | None = None,
    part: str = "",
) -> FitResult:
    """Train until the epochs are over or the primary metric no longer improves.

    Args:
        run: the run folder; checkpoints go to run/checkpoints: best.ckpt and last.ckpt.
        part: a folder below the run's, where one run trains several times; checkpoints then go there.
        resume: a checkpoint to go on from.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; last.ckpt was written.
        TrainingError: the loss is not finite, or a checkpoint cannot be written.
    """
    folder = run / part / "checkpoints"
    best, meter, survival = BestCheckpoint(folder), Meter(), Survival(folder / LAST, run)
    callbacks: list[pl.Callback] = [
        RandomState(),
        meter,
        StopAt(settings.max_steps),
        EpochLog(run / part / "epochs.jsonl"),
    ]
    if settings.patience:
        stopping = EarlyStopping(
            monitor="val/primary", mode="max", patience=settings.patience, check_finite=False, strict=False
        )
        callbacks.append(stopping)
    if settings.ema:
        callbacks.append(MovingAverage(settings.ema))
    if settings.progress:
        callbacks.append(RunProgress(total_steps(len(train), settings), settings.epochs, meter))
    kept = [best, Ingredients(folder, settings.soup)] if settings.soup else [best]
    trainer = build_trainer(settings, [*callbacks, *kept, survival], loggers)
    _go(trainer, survival, module, train, validation, resume)
    score = float("nan") if best.best_model_score is None else float(best.best_model_score)
    path = Path(best.best_model_path)
    return FitResult(path, score, meter.seconds, trainer.current_epoch, trainer.global_step, meter.tokens)


def _go(
    trainer: pl.Trainer,
    survival: Survival,
    module: ClassifierModule,
    train: BatchLoader,
    validation: BatchLoader,
    resume: Path | None,
) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pytorch_lightning")
        warnings.filterwarnings("ignore", module="lightning_fabric")
        try:
            trainer.fit(module, train, validation, ckpt_path=resume, weights_only=True)
        except SystemExit as error:  # how Lightning answers a KeyboardInterrupt
            raise survival.at_once() from error


def build_trainer(settings: FitSettings, callbacks: list[pl.Callback], loggers: Sequence[Any] = ()) -> pl.Trainer:
    """A Trainer that shows nothing of its own and writes checkpoints only where a callback says so."""
    # Lightning's advice (more workers, its own server products, TPU hints) is not for our users.
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    # Deterministic mode also fills every new tensor, against reading memory that nobody wrote; it costs 7 % of a step.
    torch.utils.deterministic.fill_uninitialized_memory = False
    keep_freed_memory()
    return pl.Trainer(
        accelerator=settings.accelerator,
        devices=settings.devices,
        num_nodes=settings.nodes,
        strategy=Sharded(settings.devices * settings.nodes) if settings.strategy == "fsdp" else settings.strategy,
        precision=settings.precision,
        max_epochs=settings.epochs,
        accumulate_grad_batches=settings.accumulate,
        gradient_clip_val=settings.clip or None,
        deterministic="warn" if settings.deterministic else None,
        callbacks=callbacks,
        logger=list(loggers) or False,
        # On a cluster too: Lightning's own for SLURM takes srun's ranks, dealt out or not, and requeues jobs.
        plugins=[SafetensorsCheckpointIO(), LightningEnvironment()],
        num_sanity_val_steps=0,
        enable_checkpointing=any(isinstance(callback, ModelCheckpoint) for callback in callbacks),
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=settings.log_every,
        use_distributed_sampler=False,
    )


def load_weights(module: ClassifierModule, path: Path) -> None:
    """Put a checkpoint's weights into the module, for answering: its standardisation becomes part of the heads.

    Raises:
        BundleError: the checkpoint is unreadable, or of another model or backbone.
    """
    checkpoint = load_checkpoint(path)
    check_still(checkpoint, module, str(path))
    try:
        module.load_state_dict(checkpoint["state_dict"])
    except RuntimeError as error:
        found = " ".join(str(error).split())[:300]
        problem = describe("weights of this model", found, "use the run's own config.yaml", str(path))
        raise BundleError([problem]) from error
    module.model.fold()
