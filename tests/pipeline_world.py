"""The whole walk on a slice of the sample corpus: its files, its configuration, and a look into what it leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from xinyi.config.compose import load
from xinyi.config.paths import sample_dir
from xinyi.config.schema import TrainConfig

ROWS = {"train": 120, "validation": 60, "test": 60}


def sample_rows(split: str, count: int) -> list[dict[str, Any]]:
    """The first rows of a split of the sample corpus."""
    lines = (sample_dir() / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()[:count]
    return [json.loads(line) for line in lines]


def write_slice(folder: Path, rows: dict[str, list[dict[str, Any]]] | None = None) -> Path:
    """train.jsonl, validation.jsonl and test.jsonl in a folder; default: the first rows of the sample corpus."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, count in ROWS.items():
        own = (rows or {}).get(split) or sample_rows(split, count)
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in own)
        (folder / f"{split}.jsonl").write_text(text, encoding="utf-8")
    return folder


def write_unlabelled(folder: Path, *more: str) -> None:
    """more.jsonl: messages beyond the slice, without labels."""
    texts = [*(row["text"] for row in sample_rows("train", 200)[120:]), *more]
    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    (folder / "more.jsonl").write_text(lines, encoding="utf-8")


def overrides(work: Path, *more: str) -> list[str]:
    """A tiny, quick run of which everything lies under `work`; the data under work/data."""
    return [
        "backbone=tiny", "trainer=cpu", "trainer.threads=1", "trainer.epochs=3", "trainer.log_every=1",
        "trainer.batch_tokens=1024", "optim.lr=3e-3", "evaluation=quick", "evaluation.suites=[basics]",
        "export.golden=8", "data.max_length=64",
        f"data.root={work / 'data'}", f"tracking.uri=sqlite:///{work / 'mlflow.db'}",
        f"tracking.artifacts={work / 'mlartifacts'}", *more,
    ]  # fmt: skip


def tiny_config(work: Path, *more: str) -> TrainConfig:
    """The checked configuration of such a run."""
    return load(overrides(work, *more))


def everything(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each file under a folder with all text in it: raw bytes, and what JSON escapes or parquet compresses."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        text = content.decode("utf-8", errors="ignore") + content.decode("utf-16-le", errors="ignore")
        if path.suffix == ".parquet":
            text += repr(pq.read_table(path).to_pylist())
        yield path, text + re.sub(r"\\u([0-9a-f]{4})", lambda escape: chr(int(escape[1], 16)), text)
