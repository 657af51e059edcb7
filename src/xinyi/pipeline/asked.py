"""What a study or a search was asked, kept in its folder: its runs count only for the question they were made for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xinyi.errors import ConfigError, describe
from xinyi.pipeline.folder import read_json, write_json

NAME = "asked.json"


def same_question(folder: Path, asked: Mapping[str, Any]) -> None:
    """Keep the question of a new folder; compare that of one that holds runs already.

    Args:
        asked: plain values: what has to be alike for the runs to be comparable.

    Raises:
        ConfigError: the folder's runs were made for another question.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    if not path.is_file():
        write_json(path, dict(asked))
        return
    former = read_json(path)
    problems = [
        describe(f"{key} as before, {former.get(key)}", value, "choose another folder with output=DIR", str(folder))
        for key, value in asked.items()
        if former.get(key) != value
    ]
    if problems:
        raise ConfigError(problems)
