"""What is checked before anything is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn

from xinyi.errors import BundleError, describe
from xinyi.export.settings import Recipe
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.runtime.engines import FORMAT_FILES, NEEDS
from xinyi.runtime.manifest import NAME as MANIFEST
from xinyi.runtime.manifest import SIGNATURE, read_manifest

# Bytes of weights that one ONNX file holds at most (protobuf).
LIMIT = 2**31


def recipe_problems(recipe: Recipe, model: MultiTaskClassifier) -> Iterator[str]:
    """What does not fit together among settings, tasks, decodings and the model's heads."""
    formats = recipe.settings.formats
    if stray := [name for name in formats if name not in FORMAT_FILES]:
        yield describe(f"formats among {', '.join(FORMAT_FILES)}", stray, "correct export.formats")
    for name, needed in NEEDS.items():
        if name in formats and needed not in formats:
            yield describe(f"the format {needed} beside {name}", list(formats), f"add {needed} to export.formats")
    if not formats:
        yield describe("at least one format", "none", "set export.formats, or export.enabled=false")
    sizes = {task: head.out_features for task, head in model.heads.items()}
    if sizes != (wanted := {task.id: len(task.labels) for task in recipe.tasks}):
        yield describe(f"heads {wanted}, in the order of the tasks", sizes, "export with the tasks of the training")
    elif list(sizes) != list(wanted):
        yield describe(f"heads in the order {list(wanted)}", list(sizes), "give the tasks in the order of the heads")
    if missing := [task.id for task in recipe.tasks if task.id not in recipe.decodings]:
        yield describe("a decoding for each task", f"none for {missing}", "fit the decoding first")


def size_problem(model: nn.Module) -> str | None:
    """Why a model's graph does not fit into one file."""
    size = sum(p.numel() * 4 for p in model.parameters())
    if size < LIMIT:
        return None
    remedy = "set export=none and serve the checkpoint, or distil it into a smaller model (recipe=distill)"
    return describe(
        "under 2 GiB of weights, the most one ONNX file holds", f"{size / 2**30:.1f} GiB", remedy, "model.onnx"
    )


def place_problems(folder: Path, report_dir: Path | None) -> Iterator[str]:
    """Why the bundle cannot be written there, or the report not be copied."""
    if (found := what_else(folder)) is not None:
        yield describe("a new folder or an older bundle", found, "choose another folder", str(folder))
    yield from _report_problems(report_dir)


def what_else(folder: Path) -> str | None:
    """What a folder is, if it is neither missing nor empty nor a bundle that may be replaced as a whole.

    Many programs have a manifest.json. Files that no bundle brought are somebody's.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    try:
        known = {MANIFEST, SIGNATURE, *read_manifest(folder).files}
    except BundleError:
        return "something else"
    files = (str(path.relative_to(folder).as_posix()) for path in folder.rglob("*") if not path.is_dir())
    strange = sorted(file for file in files if file not in known)
    return f"a bundle with other files in it: {', '.join(strange[:3])}" if strange else None


def _report_problems(report_dir: Path | None) -> Iterator[str]:
    if report_dir is None:
        return
    try:
        json.dumps(read_report(report_dir), allow_nan=False)
    except (OSError, ValueError) as error:
        yield describe("a report.json without NaN", type(error).__name__, "evaluate again", str(report_dir))
    if not report_dir.is_dir():
        yield describe("a folder with the report", "none", "evaluate first, or give no report", str(report_dir))


def read_report(report_dir: Path | None) -> dict[str, Any]:
    """report.json as it stands; empty where there is none."""
    path = report_dir / "report.json" if report_dir else None
    return json.loads(path.read_text(encoding="utf-8")) if path and path.is_file() else {}
