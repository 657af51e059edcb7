"""A further process of data-parallel training: the same data and model as the first, nothing written."""

from __future__ import annotations

from pathlib import Path

from xinyi.config import builders
from xinyi.data import load
from xinyi.pipeline.folder import RunFolder
from xinyi.pipeline.parts import assemble
from xinyi.pipeline.resume import run_config
from xinyi.training.fit import fit


def work(root: Path) -> None:
    """Train along with the process that wrote the run folder's config.yaml; Lightning's variables give the rank."""
    folder = RunFolder(root)
    config = run_config(folder)
    dataset = load(builders.data_settings(config), builders.task_specs(config))
    parts = assemble(config, dataset)
    parts.model.train()
    resume = folder.last if folder.last.is_file() else None
    fit(parts.module, parts.loader(config, "train"), parts.loader(config, "validation"), root, parts.fit, (), resume)
