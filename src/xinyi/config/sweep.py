"""Check a command line before Hydra runs it: every value of a sweep, all problems at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from xinyi.config.compose import explain, load, parse
from xinyi.config.groups import initialised
from xinyi.errors import ConfigError, describe


def check_all(overrides: Sequence[str], config_dir: Path | None, multirun: bool) -> None:
    """Compose and check each combination that differs in one sweep value.

    Raises:
        ConfigError: with the problems of all of them, each once.
    """
    problems: dict[str, None] = {}
    for combination in combinations(overrides, config_dir) if multirun else [list(overrides)]:
        try:
            load(combination, config_dir)
        except ConfigError as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        raise ConfigError(problems)


def combinations(overrides: Sequence[str], config_dir: Path | None = None) -> list[list[str]]:
    """The first value of every sweep, then each further value on its own: linear, not the whole product.

    Raises:
        ConfigError: an override cannot be read, or its values cannot be listed.
    """
    problems: list[str] = []
    with initialised(config_dir):
        choices = [_choices(text, parsed, problems) for text, parsed in zip(overrides, parse(overrides), strict=True)]
    if problems:
        raise ConfigError(problems)
    first = [options[0] for options in choices]
    found = [first]
    for i, options in enumerate(choices):
        found += [[*first[:i], option, *first[i + 1 :]] for option in options[1:]]
    return found


def _choices(text: str, override: Override, problems: list[str]) -> list[str]:
    """The single overrides that a sweep override stands for."""
    if not override.is_sweep_override():
        return [text]
    try:
        options = [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]
    except HydraException as error:
        problems.append(describe("values that can be listed", repr(text), explain(error)))
        return [text]
    if not options:
        problems.append(describe("at least one value", repr(text), "name the values, with commas between them"))
    return options or [text]
