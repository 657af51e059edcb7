"""`xinyi resume`: go on with a run that was stopped or killed, with the configuration it began with."""

from __future__ import annotations

from pathlib import Path

import yaml

from xinyi.config.compose import typed
from xinyi.config.roots import PRETRAIN, TRAIN
from xinyi.config.schema import TrainConfig
from xinyi.config.schema.pretrain import PretrainConfig
from xinyi.errors import BundleError, describe
from xinyi.pipeline.folder import RunFolder
from xinyi.pipeline.pretrain import Pretrained, pretrain
from xinyi.pipeline.train import Outcome, train


def run_config(folder: RunFolder) -> TrainConfig | PretrainConfig:
    """The checked configuration of a run: of training, or of pretraining. Raises BundleError or ConfigError."""
    try:
        raw = yaml.safe_load(folder.config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = describe("a run folder with config.yaml", error, "name a folder under runs/", str(folder.root))
        raise BundleError([problem], title="run cannot be read") from error
    return typed(raw, PRETRAIN if isinstance(raw, dict) and "pretraining" in raw else TRAIN)


def resume(root: Path) -> Outcome | Pretrained:
    """Go on from the last checkpoint; a run that was killed before its first starts afresh in the same folder."""
    folder = RunFolder(root)
    config = run_config(folder)
    if isinstance(config, PretrainConfig):
        return pretrain(config, folder.root, f"xinyi resume {root}", resume=True)
    return train(config, folder.root, resume=folder.state.is_file())
