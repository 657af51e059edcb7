"""A further process of data-parallel training: the same data and model as the first, nothing written."""

from __future__ import annotations

from pathlib import Path

from xinyi.config import builders
from xinyi.config.schema import TrainConfig
from xinyi.config.schema.pretrain import PretrainConfig
from xinyi.data import load
from xinyi.errors import Interrupted
from xinyi.pipeline.adapt import assembled
from xinyi.pipeline.folder import RunFolder
from xinyi.pipeline.parts import Parts
from xinyi.pipeline.pretrain import take_part
from xinyi.pipeline.resume import run_config
from xinyi.pipeline.self_training import FIRST, is_labelled
from xinyi.pipeline.stages import fit_parts, group, grown_parts
from xinyi.pipeline.teaching import teach
from xinyi.training.finite import NotFinite
from xinyi.training.processes import joined


def join(root: Path) -> None:
    """Train along with the process that wrote the run's config.yaml; LOCAL_RANK and NODE_RANK say who this is."""
    config = run_config(RunFolder(root), trust=True)  # the first process was asked already
    if isinstance(config, PretrainConfig):
        take_part(root, config)
    else:
        work(root, config)


def work(root: Path, config: TrainConfig) -> Parts:
    """A further process of fine-tuning. Returns what was trained."""
    folder = RunFolder(root)
    dataset = load(builders.data_settings(config), builders.task_specs(config))
    part = ""
    if config.recipe.unlabelled and is_labelled(folder):
        parts = grown_parts(config, folder, dataset)
    else:
        parts = assembled(config, folder, dataset)
        part = FIRST if config.recipe.unlabelled else ""
    teach(config, folder, dataset, parts)
    try:
        with joined(group(config, folder, parts.on_gpu)):
            fit_parts(config, folder, parts, part=part)
    except (Interrupted, NotFinite):
        pass  # the first process, which has met the same, says so
    return parts
