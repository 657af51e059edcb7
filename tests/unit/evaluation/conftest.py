from __future__ import annotations

from pathlib import Path

import pytest
from evaluation_world import MOOD, STARS, WISH, make_table

from xinyi.evaluation.predictions import write_predictions
from xinyi.tasks.spec import TaskSpec


@pytest.fixture
def specs() -> list[TaskSpec]:
    return [STARS, MOOD, WISH]


@pytest.fixture
def split_files(tmp_path: Path, specs: list[TaskSpec]) -> dict[str, Path]:
    """validation and test predictions."""
    files = {}
    for seed, (split, size) in enumerate((("validation", 80), ("test", 120)), start=1):
        table, logits = make_table(size, seed)
        files[split] = write_predictions(tmp_path / "predictions" / f"{split}.parquet", table, logits, specs, split)
    return files


@pytest.fixture
def data_summary() -> dict:
    """What data.json says of these splits."""
    labels = {"stars": {"s1": 60, "s2": 30}, "mood": {"joy": 40, "anger": 30, "worry": 9}, "wish": {"w0": 50, "w1": 40}}
    train = {"rows": 100, "fingerprint": "t" * 64, "labels": labels, "missing": {"mood": 0}}
    return {
        "schema_version": 1,
        "name": "演示",
        "fingerprint": "f" * 64,
        "sources": [{"file": "a.csv", "sha256": "0" * 64, "rows": 300}],
        "splits": {
            "train": train,
            "validation": {"rows": 80, "fingerprint": "v" * 64},
            "test": {"rows": 120, "fingerprint": "e" * 64},
        },
        "split_made": ["test"],
        "personal_data": {"手机号": 3},
        "problems": ["train: 2 rows repeat <an> earlier text"],
    }
