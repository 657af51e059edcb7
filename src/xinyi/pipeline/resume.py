"""`xinyi resume`: go on with a run that was stopped or killed, with the configuration it began with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from xinyi.config.compose import typed
from xinyi.config.roots import PRETRAIN, TRAIN
from xinyi.config.schema import TrainConfig
from xinyi.config.schema.pretrain import PretrainConfig
from xinyi.errors import BundleError, ConfigError, describe
from xinyi.pipeline.deliver import deliver
from xinyi.pipeline.folder import RunFolder
from xinyi.pipeline.pretrain import Pretrained, pretrain
from xinyi.pipeline.together import check_launch
from xinyi.pipeline.train import Outcome, train
from xinyi.tracking import undelivered


def run_config(
    folder: RunFolder, changes: Mapping[str, Any] | None = None, trust: bool = False
) -> TrainConfig | PretrainConfig:
    """The checked configuration of a run: of training, or of pretraining.

    The file may be anybody's: it is read as plain YAML, and names no class outside the allow-list.

    Args:
        changes: settings to have otherwise, checked with the rest; a group's keys are changed one by one.
        trust: whether code of a hub repository may be run if the file asks for it; also for who only reads settings.

    Raises:
        BundleError: no such file. ConfigError: it cannot be used.
    """
    try:
        raw = yaml.safe_load(folder.config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = describe("a run folder with config.yaml", error, "name a folder under runs/", str(folder.root))
        raise BundleError([problem], title="run cannot be read") from error
    if not isinstance(raw, dict):
        return typed(raw, TRAIN)
    if not trust and isinstance(raw.get("backbone"), dict) and raw["backbone"].get("trust_remote_code"):
        remedy = "read that code first, then add --trust-remote-code"
        raise ConfigError([describe("no code from a hub", "true", remedy, "backbone.trust_remote_code")])
    if isinstance(raw.get("backbone"), dict):
        # Runs that do not know the setting were trained with the marks in pieces.
        raw["backbone"] = {"placeholders": False, **raw["backbone"]}
    for name, change in (changes or {}).items():
        group = raw.get(name)
        raw[name] = {**group, **change} if isinstance(change, dict) and isinstance(group, dict) else change
    return typed(raw, PRETRAIN if "pretraining" in raw else TRAIN)


def resume(root: Path, trust: bool = False) -> Outcome | Pretrained:
    """Go on from the last checkpoint; a run that was killed before its first starts afresh in the same folder.

    Of a finished run whose end MLflow did not take, that is sent, and nothing else is done.
    """
    folder = RunFolder(root)
    config = run_config(folder, trust=trust)
    if isinstance(config, PretrainConfig):
        several = config.pretraining.processes
        check_launch(several, 1, several > 1, "pretraining.processes")
        return pretrain(config, folder.root, f"xinyi resume {root}", resume=True)
    if missing := undelivered(folder.root):
        return deliver(config, folder, missing)
    return train(config, folder.root, resume=folder.state.is_file())
