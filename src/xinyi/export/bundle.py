"""Write a bundle: everything into a folder beside, checked there, and renamed only when it is complete and proved."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
from tokenizers import Tokenizer
from transformers import PretrainedConfig

from xinyi.encoding import EncodingSettings
from xinyi.errors import describe
from xinyi.export.card import write_card
from xinyi.export.checks import place_problems, read_report, recipe_problems
from xinyi.export.formats import FORMATS
from xinyi.export.manifest import write_manifest
from xinyi.export.proving import prove_parts
from xinyi.export.scoring import on_cpu
from xinyi.export.settings import ExportError, ExportSettings, Recipe
from xinyi.export.tokenizer import write_tokenizer
from xinyi.export.weights import write_config
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.runtime.manifest import NAME_LABELS, SCHEMA_LABELS
from xinyi.tasks.decode import Decoding
from xinyi.tasks.spec import TaskSpec


def export_bundle(
    folder: Path,
    model: MultiTaskClassifier,
    tokenizer: Tokenizer,
    config: PretrainedConfig,
    tasks: Sequence[TaskSpec],
    decodings: Mapping[str, Decoding],
    encoding: EncodingSettings,
    golden_table: pa.Table,
    report_dir: Path | None,
    facts: Mapping[str, Any],
    settings: ExportSettings,
    masking: bool = True,
    calibration: pa.Table | None = None,
) -> dict[str, Any]:
    """Write the bundle and return its parity record (see `check_parity`).

    Args:
        folder: the bundle; an older bundle there is replaced, but only by a complete one.
        model: the trained classifier, on any device; it is left as it is.
        tokenizer, config: the backbone's.
        decodings: task id → decoding, for each task.
        golden_table: the whole validation set: `text` and `context`, prepared, and `label.<task>`, on which int8 is
            measured.
        report_dir: folder with report.json and its pages, copied to `report/`.
        facts: {"run": as in report.json, "data": as in data.json}; both may be missing.
        masking: whether training masked personal data. Texts in the bundle are masked in any case.
        calibration: training rows for the ranges of static quantisation; the validation rows where there are none.

    Raises:
        ExportError: a format disagrees with the model, the settings exclude each other, or the disk refuses.
    """
    recipe = Recipe(tuple(tasks), dict(decodings), encoding, masking, settings)
    if problems := [*recipe_problems(recipe, model), *place_problems(Path(folder), report_dir)]:
        raise ExportError(problems)
    with _beside(Path(folder)) as part:
        twin = on_cpu(model)
        _write_parts(part, twin, tokenizer, config, recipe)
        parity = prove_parts(part, twin, tokenizer, golden_table, calibration, recipe)
        if report_dir is not None:
            shutil.copytree(report_dir, part / "report")
        report = read_report(report_dir)
        write_card(part, recipe, parity, report, facts)
        write_manifest(part, recipe, parity, report, facts)
    return parity


def _write_parts(
    part: Path, twin: MultiTaskClassifier, tokenizer: Tokenizer, config: PretrainedConfig, recipe: Recipe
) -> None:
    write_config(twin, config, recipe, part)
    write_tokenizer(tokenizer, recipe.encoding, part)
    tasks = [{**task.to_dict(), "decoding": recipe.decodings[task.id].to_dict()} for task in recipe.tasks]
    labels = json.dumps({"schema_version": SCHEMA_LABELS, "tasks": tasks}, ensure_ascii=False, indent=2) + "\n"
    (part / NAME_LABELS).write_text(labels, encoding="utf-8")
    for name, each in FORMATS.items():
        if name in recipe.settings.formats:
            each.write(twin, recipe, part)


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A folder to write into, renamed to `folder` at the end; nothing stays when the block fails."""
    mark = uuid4().hex[:8]
    part, old = (folder.with_name(f".{folder.name}.{mark}.{kind}") for kind in ("part", "old"))
    try:
        part.mkdir(parents=True)
        yield part
        if folder.exists():
            os.rename(folder, old)
        os.rename(part, folder)
    except OSError as error:
        if old.exists() and not folder.exists():
            os.rename(old, folder)
        got = f"{type(error).__name__}: {error.strerror or error}"
        problem = describe("room and permission to write", got, "free some, or choose another folder", str(folder))
        raise ExportError([problem]) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
