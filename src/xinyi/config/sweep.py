"""Check a command line before Hydra runs it: every value of a sweep, all problems at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser

from xinyi.config.compose import load
from xinyi.errors import ConfigError


def check_all(overrides: Sequence[str], config_dir: Path | None, multirun: bool) -> None:
    """Compose and check each combination that differs in one sweep value.

    Raises:
        ConfigError: with the problems of all of them, each once.
    """
    problems: dict[str, None] = {}
    for combination in _combinations(overrides) if multirun else [list(overrides)]:
        try:
            load(combination, config_dir)
        except ConfigError as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        raise ConfigError(problems)


def _combinations(overrides: Sequence[str]) -> list[list[str]]:
    """The first value of every sweep, then each further value on its own: linear, not the whole product."""
    choices = [_choices(text) for text in overrides]
    first = [options[0] for options in choices]
    found = [first]
    for i, options in enumerate(choices):
        found += [[*first[:i], option, *first[i + 1 :]] for option in options[1:]]
    return found


def _choices(text: str) -> list[str]:
    """The single overrides that a sweep override stands for."""
    try:
        override = OverridesParser.create().parse_override(text)
    except Exception:  # reported with its reason when it is composed
        return [text]
    if not override.is_sweep_override():
        return [text]
    head = override.get_key_element()
    return [f"{head}={value}" for value in override.sweep_string_iterator()] or [text]
