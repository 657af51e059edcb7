"""Tell Hydra's flags from overrides on the command line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xinyi.config.quoting import quote
from xinyi.errors import ConfigError, describe

_SHOWS = ("--help", "-h", "--hydra-help", "--cfg", "-c", "--info", "-i", "--version", "--shell-completion", "-sc")
_TAKES_VALUE = ("--cfg", "-c", "--package", "-p", "--config-path", "-cp", "--config-name", "-cn", "--info", "-i")
_FOLDER = ("--config-dir", "-cd")
# Hydra reads such a file with pickle, which can run code.
_REFUSED = "--experimental-rerun"


@dataclass(frozen=True)
class Arguments:
    """A command line in its parts."""

    flags: list[str]
    overrides: list[str]
    config_dir: Path | None

    @property
    def only_shows(self) -> bool:
        """Whether nothing is to be trained: help, or the composed configuration."""
        return any(flag.split("=")[0] in _SHOWS for flag in self.flags)

    @property
    def multirun(self) -> bool:
        """Whether overrides may hold several values."""
        return "-m" in self.flags or "--multirun" in self.flags or "hydra.mode=MULTIRUN" in self.overrides


def split_arguments(arguments: Sequence[str]) -> Arguments:
    """Flags (with their values), overrides, and the user's own configuration folder.

    Raises:
        ConfigError: --config-dir names no folder; a flag that would load a pickle.
    """
    flags, overrides, folder = [], [], None
    rest, problems = list(arguments), []
    while rest:
        item = rest.pop(0)
        if not item.startswith("-"):
            overrides.append(quote(item))
        elif item.split("=")[0] in _FOLDER:
            folder = item.split("=", 1)[1] if "=" in item else rest.pop(0) if rest else ""
        elif item.split("=")[0] == _REFUSED:
            problems.append(describe("no pickled configuration", item, "use xinyi resume RUN", _REFUSED))
        else:
            flags.append(item)
            if item in _TAKES_VALUE and rest:
                flags.append(rest.pop(0))
    if folder is not None and not (folder and os.path.isdir(folder)):
        problems.append(describe("a folder", repr(folder), "check the path", "--config-dir"))
    if problems:
        raise ConfigError(problems)
    return Arguments(flags, overrides, Path(folder).resolve() if folder else None)
