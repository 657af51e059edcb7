"""`xinyi resume`: go on with a run that was stopped or killed, with the configuration it began with."""

from __future__ import annotations

from pathlib import Path

import yaml

from xinyi.config.compose import typed
from xinyi.config.schema import TrainConfig
from xinyi.errors import BundleError, describe
from xinyi.pipeline.folder import RunFolder
from xinyi.pipeline.train import Outcome, train


def run_config(folder: RunFolder) -> TrainConfig:
    """The checked configuration of a run. Raises BundleError or ConfigError."""
    try:
        raw = yaml.safe_load(folder.config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = describe("a run folder with config.yaml", error, "name a folder under runs/", str(folder.root))
        raise BundleError([problem], title="run cannot be read") from error
    return typed(raw)


def resume(root: Path) -> Outcome:
    """Go on from the last checkpoint; a run that was killed before its first starts afresh in the same folder."""
    folder = RunFolder(root)
    return train(run_config(folder), folder.root, resume=folder.state.is_file())
