"""The run folder: where each room leaves its file for the next."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from xinyi.errors import BundleError, ConfigError, describe


@dataclass(frozen=True)
class RunFolder:
    """Names of the files in `runs/<date>_<time>_<name>/`."""

    root: Path

    @property
    def config(self) -> Path:
        """The composed configuration."""
        return self.root / "config.yaml"

    @property
    def data(self) -> Path:
        """What went in: counts and fingerprints."""
        return self.root / "data.json"

    @property
    def state(self) -> Path:
        """What the pipeline has to remember between a stop and a resume."""
        return self.root / "state.json"

    @property
    def last(self) -> Path:
        """The checkpoint that a stopped run goes on from."""
        return self.root / "checkpoints" / "last.ckpt"

    @property
    def best(self) -> Path:
        """The weights with the best validation metric."""
        return self.root / "checkpoints" / "best.ckpt"

    @property
    def decoding(self) -> Path:
        """Temperatures and thresholds."""
        return self.root / "decoding.json"

    @property
    def gate(self) -> Path:
        """The verdict."""
        return self.root / "gate.json"

    @property
    def report(self) -> Path:
        """Folder of the report's files."""
        return self.root / "report"

    @property
    def bundle(self) -> Path:
        """Folder of the exported bundle."""
        return self.root / "bundle"

    def predictions(self, split: str) -> Path:
        """Stored logits of a split."""
        return self.root / "predictions" / f"{split}.parquet"

    def create(self) -> None:
        """Make the folder and see that it can be written to, before anything slow.

        Raises:
            ConfigError: no permission, or no such disk.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / f".probe.{os.getpid()}"
            probe.write_text("", encoding="utf-8")
            probe.unlink()
        except OSError as error:
            problem = describe("a folder to write to", error, "choose another with runs=DIR", "runs")
            raise ConfigError([problem]) from error


def find_bundle(target: Path) -> Path:
    """The bundle that a path names or holds. Raises BundleError."""
    for folder in (target, target / "bundle"):
        if (folder / "manifest.json").is_file():
            return folder
    remedy = "name a bundle, or write one with xinyi export RUN"
    raise BundleError([describe("a bundle, or a run folder that holds one", str(target), remedy)])


def write_json(path: Path, content: Any) -> None:
    """Write JSON beside, then rename, so that nobody ever reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    beside.write_text(json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(beside, path)


def write_yaml(path: Path, content: Any) -> None:
    """Write YAML beside, then rename."""
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part")
    beside.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    os.replace(beside, path)


def read_json(path: Path) -> Any:
    """Read JSON. Raises BundleError when the file is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError([describe("a JSON file", error, "name a finished run folder", str(path))]) from error
