"""manifest.json: what is in the bundle, where it comes from, and the SHA-256 of every file."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from xinyi import __version__
from xinyi.export.formats import INT8
from xinyi.export.settings import Recipe
from xinyi.runtime.engines import FORMAT_FILES
from xinyi.runtime.golden import read_golden
from xinyi.runtime.manifest import NAME, NAME_LABELS, SCHEMA, read_json, render, seal, sha256
from xinyi.text import MASKER_VERSION, NORMALIZER_VERSION

PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "onnx", "onnxruntime", "numpy")
# Another processor rounds the products of int8 a little otherwise.
INT8_SLACK = 2.0
INT8_LEAST = 0.01


def write_manifest(
    folder: Path, recipe: Recipe, parity: Mapping[str, Any], report: Mapping[str, Any], facts: Mapping[str, Any]
) -> None:
    """Write the manifest over all files now in the folder; it must be the last to be written."""
    settings = recipe.settings
    run = {**report.get("run", {}), **facts.get("run", {})}
    data = {**report.get("data", {}), **facts.get("data", {})}
    raw = {
        "schema_version": SCHEMA,
        "name": settings.name,
        "version": settings.version,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "run": {key: run.get(key) for key in ("name", "seed", "backbone", "embedded_random")},
        "git_commit": run.get("git_commit"),
        "data": {key: data.get(key) for key in ("name", "fingerprint")},
        "versions": versions(),
        "normaliser": NORMALIZER_VERSION,
        "masker": MASKER_VERSION,
        "masking": recipe.masking,
        "encoding": recipe.encoding.to_dict(),
        "tasks": read_json((folder / NAME_LABELS).read_bytes(), NAME_LABELS)["tasks"],
        "formats": _formats(folder, recipe, parity),
        "opset": settings.opset if "onnx" in settings.formats else None,
        "parity": parity,
        "primary": primary_metrics(report),
        "golden_rows": len(read_golden(folder)),
        "files": _files(folder),
    }
    (folder / NAME).write_bytes(render(seal(raw)))


def _formats(folder: Path, recipe: Recipe, parity: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Format → file, and how far its answers to the golden rows may be from the trained model's."""
    found = {}
    for name in recipe.settings.formats:
        if not (folder / FORMAT_FILES[name]).is_file():
            continue  # int8 that lost too much
        tolerance = recipe.settings.tolerance
        if name == INT8:
            tolerance = max(INT8_LEAST, INT8_SLACK * parity["int8"]["golden_difference"])
        found[name] = {"file": FORMAT_FILES[name], "tolerance": tolerance}
    return found


def versions() -> dict[str, str]:
    """Of Python, this package and those that made the bundle."""
    packages = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"xinyi": __version__, "python": platform.python_version(), **packages}


def primary_metrics(report: Mapping[str, Any]) -> dict[str, Any]:
    """Task id → {metric, split, value, low, high, n}: of the test split, or of validation where there is no test."""
    chosen = {}
    for task, metric in report.get("primary", {}).items():
        splits = report.get("tasks", {}).get(task, {})
        split = next((name for name in ("test", "validation") if name in splits), None)
        if split and metric in splits[split].get("metrics", {}):
            chosen[task] = {"metric": metric, "split": split, **splits[split]["metrics"][metric]}
    return chosen


def _files(folder: Path) -> dict[str, dict[str, Any]]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): {"sha256": sha256(path), "bytes": path.stat().st_size} for path in paths
    }
