"""Small files of customer messages, and settings that read them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from data_rows import STATES, THINGS

from xinyi.data import Dataset, DataSettings, SourceSettings, load
from xinyi.errors import DataError
from xinyi.tasks import TaskSpec


@pytest.fixture
def jsonl(tmp_path: Path) -> Callable[..., str]:
    """Write rows as JSON lines; gives the name."""

    def write(rows: Sequence[dict[str, Any]], name: str = "train.jsonl") -> str:
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        (tmp_path / name).write_text("".join(lines), encoding="utf-8")
        return name

    return write


@pytest.fixture
def table_file(tmp_path: Path) -> Callable[..., str]:
    """Write rows as csv; gives the name."""

    def write(rows: Sequence[dict[str, Any]], name: str = "train.csv") -> str:
        with open(tmp_path / name, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return name

    return write


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., Dataset]:
    """Load one source; keywords of DataSettings are taken out of the source's."""

    def run(train: Any = ("train.jsonl",), tasks: Sequence[TaskSpec] = (), **source: Any) -> Dataset:
        keys = {"mask", "validation_share", "test_share", "seed", "limit", "train_limit"}
        data = {key: source.pop(key) for key in keys & set(source)}
        source = {"labels": {"intent": "label"}, **source}
        train = (train,) if isinstance(train, str) else tuple(train)
        return load(DataSettings("mine", (SourceSettings(root=str(tmp_path), train=train, **source),), **data), tasks)

    return run


@pytest.fixture
def refused(loaded: Callable[..., Dataset]) -> Callable[..., list[str]]:
    """Load, expect a DataError, and give its problems after checking their form and that they hold no text."""

    def run(*args: Any, **keywords: Any) -> list[str]:
        with pytest.raises(DataError) as caught:
            loaded(*args, **keywords)
        for problem in caught.value.problems:
            assert "expected" in problem
            assert ", got " in problem
            assert "; " in problem
            assert not any(word in problem for word in (*THINGS, *STATES))
        return caught.value.problems

    return run
