"""Compose a configuration from the groups and a user's overrides, and report everything wrong with it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from xinyi.config import check, targets
from xinyi.config.groups import initialised
from xinyi.config.keys import decode, decode_keys
from xinyi.config.roots import ROOTS, TRAIN, Root
from xinyi.errors import ConfigError, describe

# Group → the command that has it; of two the first.
_GROUPS = {group: root.name for root in reversed(ROOTS) for group in root.groups}


def plain(overrides: Sequence[str], config_dir: Path | None = None, root: Root = TRAIN) -> dict[str, Any]:
    """The composed configuration as plain dicts and lists, before any check of its content.

    Raises:
        ConfigError: an override cannot be parsed, a group has no such option, or Hydra's own section names a class that
            is not allowed.
    """
    with initialised(config_dir):
        parsed = parse(overrides)
        if found := list(_group_problems(parsed, root)):
            raise ConfigError(found)
        raw = _composed(root.name, permissive(overrides))
    return {str(key): value for key, value in decode_keys(raw).items()}


def _composed(config_name: str, overrides: list[str]) -> dict[Any, Any]:
    """Hydra's composition, without its own section. Raises ConfigError for all that Hydra or OmegaConf stumble over."""
    try:
        config = compose(config_name, overrides=overrides, return_hydra_config=True)
        _check_hydra(config)
        return OmegaConf.to_container(config, resolve=True)
    except ConfigError:
        raise
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError([explain(error)]) from error
    except (YAMLError, UnicodeDecodeError, OSError) as error:
        remedy = "correct the file; it must be YAML in UTF-8"
        raise ConfigError([describe("YAML files that can be read", explain(error), remedy)]) from error
    except Exception as error:  # both let errors of plain Python through when shapes do not fit
        remedy = "compare the overrides with xinyi train --cfg job"
        raise ConfigError([describe("values that fit where they are put", explain(error), remedy)]) from error


def load(overrides: Sequence[str], config_dir: Path | None = None, root: Root = TRAIN) -> Any:
    """The checked, typed configuration of a run: an object of the root's schema.

    Raises:
        ConfigError: with every unknown key, wrong type, missing file and excluded combination.
    """
    return typed(plain(overrides, config_dir, root), root)


def typed(raw: Mapping[str, Any], root: Root = TRAIN) -> Any:
    """Check a plain configuration and build its schema object. Raises ConfigError with everything that is wrong."""
    if not isinstance(raw, Mapping):
        raise ConfigError(
            [describe("keys with values", type(raw).__name__, f"see xinyi {root.name} --cfg job", "configuration")]
        )
    found = [*check.problems(raw, root.schema), *targets.problems(raw), *_package_problems(raw)]
    config = check.build(check.usable(raw, root.schema), root.schema)
    # What the schema complains about stands here with its default: a second complaint would be about that.
    places = tuple(f"{text.partition(': ')[0]}{sign}" for text in found for sign in ":.[")
    found += [text for text in root.cross(asdict(config)) if not text.startswith(places)]
    if found:
        raise ConfigError(dict.fromkeys(found))
    return config


def permissive(overrides: Sequence[str]) -> list[str]:
    """Let plain overrides of keys through that no YAML mentions: the schema judges them, all at once."""
    return [
        f"++{text}" if _is_value(parsed) else text for text, parsed in zip(overrides, parse(overrides), strict=True)
    ]


def parse(overrides: Sequence[str]) -> list[Override]:
    """The overrides as Hydra reads them. Raises ConfigError for all that it cannot read."""
    parser, parsed, found = OverridesParser.create(), [], []
    for text in overrides:
        try:
            parsed.append(parser.parse_override(text))
            parsed[-1].config_loader = _loader()  # glob(…) looks up a group's options
        except HydraException as error:
            remedy = f"quote values with special characters: 'key=\"value\"' ({explain(error)})"
            found.append(describe("key=value", repr(decode(text)), remedy))
    if found:
        raise ConfigError(found)
    return parsed


def explain(error: Exception) -> str:
    """An error of Hydra or OmegaConf on one line, with its cause."""
    cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else None
    return decode(" ".join(f"{error} {cause or ''}".split()))


def _check_hydra(config: DictConfig) -> None:
    """Check Hydra's own section and take it away."""
    if found := list(targets.hydra_problems(OmegaConf.to_container(config.hydra, resolve=False))):
        raise ConfigError(found)
    with read_write(config), open_dict(config):
        del config["hydra"]


def _package_problems(raw: Mapping[str, Any]) -> Iterator[str]:
    """YAML files that forgot where their content belongs."""
    for group, header in (("task", "# @package tasks.<id>"), ("experiment", "# @package _global_")):
        if group in raw:
            got = f"none in a YAML of the group {group}"
            yield describe(f"the first line {header}", got, "add it to that file", group)


def _loader() -> Any:
    """What knows the groups' options; None outside a composition."""
    return GlobalHydra.instance().config_loader() if GlobalHydra.instance().is_initialized() else None


def _is_value(override: Override) -> bool:
    key, plain_change = override.key_or_group, override.type is not None and override.type.name == "CHANGE"
    return plain_change and key not in _GROUPS and not key.startswith("hydra")


def _group_problems(overrides: Sequence[Override], root: Root) -> Iterator[str]:
    """Groups that another command has, and choices of a group that no YAML provides."""
    for override in overrides:
        group = override.key_or_group
        if group in _GROUPS and group not in root.groups:
            remedy = f"remove it; xinyi {_GROUPS[group]} has that group"
            yield describe(f"one of the groups {', '.join(root.groups)}", f"{group!r}", remedy, group)
        if group not in root.groups or override.is_sweep_override() or override.type.name == "DEL":
            continue
        options, value = _loader().get_group_options(group), override.value()
        for choice in value if isinstance(value, list) else [value]:
            if str(choice) not in options:
                shown = "null" if choice is None else repr(choice)
                yield describe(f"one of {', '.join(options)}", shown, "choose one of them", group)
