"""Task-adaptive pretraining: the backbone reads the user's unlabelled texts before it is fine-tuned (Gururangan et al.
2020). The same walk as `xinyi pretrain pretraining=adapt`, in the folder `adapt` of the run.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import yaml

from xinyi.config.compose import typed
from xinyi.config.paths import conf_dir
from xinyi.config.roots import PRETRAIN
from xinyi.config.schema import TrainConfig
from xinyi.config.schema.corpus import CorpusConfig
from xinyi.config.schema.pretrain import PretrainConfig
from xinyi.config.schema.pretraining import PretrainingConfig
from xinyi.config.schema.tracking import TrackingConfig
from xinyi.data import Dataset
from xinyi.errors import ConfigError
from xinyi.pipeline.folder import RunFolder, read_json, write_json
from xinyi.pipeline.parts import Parts, assemble
from xinyi.pipeline.pretrain import pretrain

FOLDER, FACTS = "adapt", "adapted.json"


def pretrain_config(config: TrainConfig) -> PretrainConfig:
    """The checked configuration of the pretraining. Raises ConfigError in words of `xinyi train`."""
    data, recipe, trainer = config.data, config.recipe, config.trainer
    defaults = yaml.safe_load((conf_dir() / "pretraining" / "adapt.yaml").read_text(encoding="utf-8"))
    longest = max(16, data.max_length)
    own = PretrainConfig(
        name=f"{config.name}_adapt",
        seed=config.seed,
        runs=config.runs,
        data=CorpusConfig(
            name=data.name, files=list(recipe.adapt), column=data.text, mask=data.mask, longest=longest
        ),
        backbone=config.backbone,
        pretraining=PretrainingConfig(
            **{**defaults, "minutes": minutes(config), "tokens": recipe.adapt_tokens},
            accelerator=trainer.accelerator, precision=trainer.precision, threads=trainer.threads or 0,
            micro_tokens=max(longest, PretrainingConfig.micro_tokens),
        ),
        tracking=TrackingConfig(enabled=False),
    )  # fmt: skip
    try:
        return typed(asdict(own), PRETRAIN)
    except ConfigError as error:
        raise ConfigError([text.replace("data.files", "recipe.adapt") for text in error.problems]) from error


def minutes(config: TrainConfig) -> float | None:
    """The budget in minutes; None where it is one of tokens, which decides alone."""
    return None if config.recipe.adapt_tokens else config.recipe.adapt_minutes


def check_adapt(config: TrainConfig, folder: RunFolder) -> None:
    """See that the pretraining can begin, before anything slow. Raises ConfigError."""
    if config.recipe.adapt and not (folder.root / FOLDER / FACTS).is_file():
        pretrain_config(config)


def assembled(config: TrainConfig, folder: RunFolder, dataset: Dataset) -> Parts:
    """`assemble`, with the adapted backbone where the recipe asks for one; it is trained first if it is not there yet.

    Raises:
        ConfigError, DataError: what cannot be used. Interrupted: by a signal; a checkpoint was written.
    """
    if not config.recipe.adapt:
        return assemble(config, dataset)
    root = folder.root / FOLDER
    if not (root / FACTS).is_file():
        _pretrain(config, folder, root)
    backbone = replace(config.backbone, kind="local", path=str(root / "model"), name=None, revision=None, config={})
    parts = assemble(replace(config, backbone=backbone), dataset)
    name = config.backbone.name or config.backbone.path or config.backbone.kind
    parts.backbone = replace(parts.backbone, name=f"{name}, adapted")
    parts.notes["adapt"] = read_json(root / FACTS)
    return parts


def _pretrain(config: TrainConfig, folder: RunFolder, root: Path) -> None:
    command = f"xinyi train recipe.adapt={list(config.recipe.adapt)}"
    part = RunFolder(root)
    done = pretrain(pretrain_config(config), root, command, resume=part.state.is_file(), named=folder.root)
    files = read_json(part.state)["files"]
    facts = {"tokens": done.tokens, "minutes": minutes(config), "files": files, "held_out": done.held_out}
    write_json(root / FACTS, facts)
