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

from xinyi.encoding import EncodingSettings, TextEncoder
from xinyi.errors import describe
from xinyi.export.card import write_card
from xinyi.export.golden import NAME as GOLDEN
from xinyi.export.golden import golden_samples, spread, write_golden
from xinyi.export.graph import write_graph
from xinyi.export.manifest import write_manifest
from xinyi.export.parity import check_parity
from xinyi.export.scoring import on_cpu, torch_logits
from xinyi.export.settings import ExportError, ExportSettings, Recipe
from xinyi.export.tokenizer import write_tokenizer
from xinyi.export.weights import write_config, write_weights
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.runtime.manifest import NAME as MANIFEST
from xinyi.runtime.manifest import NAME_LABELS
from xinyi.tasks.decode import Decoding
from xinyi.tasks.spec import TaskSpec

PARITY_ROWS = 256


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
) -> dict[str, Any]:
    """Write the bundle and return its parity record (see `check_parity`).

    Args:
        folder: the bundle; an older bundle there is replaced, but only by a complete one.
        model: the trained classifier, on any device; it is left as it is.
        tokenizer, config: the backbone's.
        decodings: task id → decoding, for each task.
        golden_table: validation rows with the columns `text` and `context`, prepared.
        report_dir: folder with report.json and its pages, copied to `report/`.
        facts: {"run": as in report.json, "data": as in data.json}; both may be missing.
        masking: whether training masked personal data. Texts in the bundle are masked in any case.

    Raises:
        ExportError: a format disagrees with the model, the settings exclude each other, or the disk refuses.
    """
    recipe = Recipe(tuple(tasks), dict(decodings), encoding, masking, settings)
    if problems := [*_problems(recipe, model, Path(folder)), *_report_problems(report_dir)]:
        raise ExportError(problems)
    with _beside(Path(folder)) as part:
        twin = on_cpu(model)
        _write_parts(part, twin, tokenizer, config, recipe)
        parity = _prove(part, twin, tokenizer, golden_table, recipe)
        if report_dir is not None:
            shutil.copytree(report_dir, part / "report")
        report = _report(report_dir)
        write_card(part, recipe, parity, report, facts)
        write_manifest(part, recipe, parity, report, facts)
    return parity


def _write_parts(
    part: Path, twin: MultiTaskClassifier, tokenizer: Tokenizer, config: PretrainedConfig, recipe: Recipe
) -> None:
    write_config(twin, config, recipe, part)
    write_tokenizer(tokenizer, recipe.encoding, part)
    tasks = [{**task.to_dict(), "decoding": recipe.decodings[task.id].to_dict()} for task in recipe.tasks]
    labels = json.dumps({"schema_version": 1, "tasks": tasks}, ensure_ascii=False, indent=2) + "\n"
    (part / NAME_LABELS).write_text(labels, encoding="utf-8")
    if "safetensors" in recipe.settings.formats:
        write_weights(twin, part)
    if "onnx" in recipe.settings.formats:
        write_graph(twin, recipe, part)


def _prove(
    part: Path, twin: MultiTaskClassifier, tokenizer: Tokenizer, table: pa.Table, recipe: Recipe
) -> dict[str, Any]:
    """Write golden.jsonl with the trained model's answers and compare every format with it."""
    golden = golden_samples(table, recipe.settings.golden)
    samples = list(dict.fromkeys([*golden, *spread(table, PARITY_ROWS, "parity")]))
    encoder = TextEncoder(Tokenizer.from_str(tokenizer.to_str()), recipe.encoding)
    texts, contexts = zip(*(sample.prepared(recipe.masking) for sample in samples), strict=True)
    encoded = encoder.encode(texts, contexts)
    logits = torch_logits(twin, encoded, encoder.pad_id)
    write_golden(golden, encoded, logits, recipe, part / GOLDEN)
    return check_parity(part, logits, samples, encoder, recipe)


def _problems(recipe: Recipe, model: MultiTaskClassifier, folder: Path) -> Iterator[str]:
    known = ("safetensors", "onnx")
    if stray := [name for name in recipe.settings.formats if name not in known]:
        yield describe(f"formats among {', '.join(known)}", stray, "correct export.formats")
    if not recipe.settings.formats:
        yield describe("at least one format", "none", "set export.formats, or export.enabled=false")
    sizes = {task: head.out_features for task, head in model.heads.items()}
    if sizes != (wanted := {task.id: len(task.labels) for task in recipe.tasks}):
        yield describe(f"heads {wanted}, in the order of the tasks", sizes, "export with the tasks of the training")
    elif list(sizes) != list(wanted):
        yield describe(f"heads in the order {list(wanted)}", list(sizes), "give the tasks in the order of the heads")
    if missing := [task.id for task in recipe.tasks if task.id not in recipe.decodings]:
        yield describe("a decoding for each task", f"none for {missing}", "fit the decoding first")
    if folder.exists() and not (folder.is_dir() and ((folder / MANIFEST).is_file() or not any(folder.iterdir()))):
        yield describe("a new folder or an older bundle", "something else", "choose another folder", str(folder))


def _report_problems(report_dir: Path | None) -> Iterator[str]:
    if report_dir is None:
        return
    try:
        json.dumps(_report(report_dir), allow_nan=False)
    except (OSError, ValueError) as error:
        yield describe("a report.json without NaN", type(error).__name__, "evaluate again", str(report_dir))
    if not report_dir.is_dir():
        yield describe("a folder with the report", "none", "evaluate first, or give no report", str(report_dir))


def _report(report_dir: Path | None) -> dict[str, Any]:
    path = report_dir / "report.json" if report_dir else None
    return json.loads(path.read_text(encoding="utf-8")) if path and path.is_file() else {}


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
