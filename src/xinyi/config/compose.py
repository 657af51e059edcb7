"""Compose a configuration from the groups and a user's overrides, and report everything wrong with it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from xinyi.config import check, targets
from xinyi.config.cross import cross_problems
from xinyi.config.paths import conf_dir, sample_dir
from xinyi.config.schema import GROUPS, TrainConfig
from xinyi.errors import ConfigError, describe



def register() -> None:
    """Put the schema's defaults under every composition: `train.yaml` begins with them."""
    defaults = OmegaConf.create(asdict(TrainConfig()))
    ConfigStore.instance().store("schema", defaults, provider="xinyi")


OmegaConf.register_new_resolver("sample_dir", lambda: str(sample_dir()), replace=True)


def plain(overrides: Sequence[str], config_dir: Path | None = None, config_name: str = "train") -> dict[str, Any]:
    """The composed configuration as plain dicts and lists, before any check of its content.

    Raises:
        ConfigError: an override cannot be parsed, or a group has no such option.
    """
    with _initialised(config_dir):
        if found := _group_problems(overrides):
            raise ConfigError(found)
        try:
            raw = OmegaConf.to_container(compose(config_name, overrides=list(permissive(overrides))), resolve=True)
        except (HydraException, OmegaConfBaseException) as error:
            raise ConfigError([_one_line(error)]) from error
    return {str(key): value for key, value in raw.items()}


def load(overrides: Sequence[str], config_dir: Path | None = None) -> TrainConfig:
    """The checked, typed configuration of a training run.

    Raises:
        ConfigError: with every unknown key, wrong type, missing file and excluded combination.
    """
    return typed(plain(overrides, config_dir))


def typed(raw: dict[str, Any]) -> TrainConfig:
    """Check a plain configuration and build its schema object."""
    found = [*check.problems(raw, TrainConfig), *targets.problems(raw)]
    config = check.build(raw, TrainConfig) if not found else None
    found += cross_problems(raw)
    if found:
        raise ConfigError(dict.fromkeys(found))
    return config


def permissive(overrides: Sequence[str]) -> list[str]:
    """Let plain overrides of keys through that no YAML mentions: the schema judges them, all at once."""
    return [f"++{text}" if _is_value(parsed) else text for text, parsed in zip(overrides, _parse(overrides), strict=True)]


def _is_value(override: Override) -> bool:
    key, plain_change = override.key_or_group, override.type is not None and override.type.name == "CHANGE"
    return plain_change and key not in GROUPS and not key.startswith("hydra")


def _parse(overrides: Sequence[str]) -> list[Override]:
    parsed, found = [], []
    for text in overrides:
        try:
            parsed.append(OverridesParser.create().parse_override(text))
        except HydraException as error:
            remedy = "quote values with special characters: 'key=\"value\"'"
            found.append(describe("key=value", repr(text), f"{remedy} ({_one_line(error)})"))
    if found:
        raise ConfigError(found)
    return parsed


def _group_problems(overrides: Sequence[str]) -> list[str]:
    """Choices of a group that no YAML provides."""
    loader, found = GlobalHydra.instance().config_loader(), []
    for override in _parse(overrides):
        group = override.key_or_group
        if group not in GROUPS or override.is_sweep_override() or override.type.name == "DEL":
            continue
        options, value = loader.get_group_options(group), override.value()
        chosen = value if isinstance(value, list) else [value]
        for choice in chosen:
            if choice is not None and str(choice) not in options:
                found.append(describe(f"one of {', '.join(options)}", repr(choice), "choose one of them", group))
    return found


class _initialised:  # noqa: N801 - reads as a statement
    """Hydra set up on the packaged groups, with a user's own folder before them."""

    def __init__(self, config_dir: Path | None) -> None:
        self.config_dir = config_dir

    def __enter__(self) -> None:
        register()
        GlobalHydra.instance().clear()
        _UserConfig.folder = self.config_dir
        Plugins.instance().register(_UserConfig)
        initialize_config_dir(str(conf_dir()), version_base="1.3")

    def __exit__(self, *_: object) -> None:
        GlobalHydra.instance().clear()


class _UserConfig(SearchPathPlugin):
    """Puts a user's configuration folder before the packaged one (Hydra's own --config-dir does so for its command)."""

    folder: Path | None = None

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        if self.folder is not None:
            search_path.prepend("user", str(self.folder.resolve()), None)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
