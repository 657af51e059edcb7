"""Find int8 settings that lose little enough on the whole validation set; without such, there is no int8 file."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xinyi.data.tokens import targets
from xinyi.encoding import Encoded, TextEncoder
from xinyi.evaluation.bootstrap import number_units
from xinyi.evaluation.predictions import CONVERSATION, GROUP
from xinyi.export.formats import INT8
from xinyi.export.graph import FILE as GRAPH
from xinyi.export.graph import FUSED
from xinyi.export.loss import Answered, losses
from xinyi.export.quantize import LADDER, Quantization, quantize
from xinyi.export.settings import ExportError, Recipe
from xinyi.runtime.engines import FORMAT_FILES
from xinyi.runtime.loading import assemble

log = logging.getLogger(__name__)
# Rows whose activations set the ranges of static quantisation.
CALIBRATION_ROWS = 128


@dataclass(frozen=True, eq=False)
class Validation:
    """The whole validation set. trained: task id → the trained model's logits (N, C) in the table's order."""

    table: pa.Table
    trained: Mapping[str, NDArray[np.floating]]

    @property
    def texts(self) -> list[str]:
        """Prepared messages."""
        return self.table["text"].to_pylist()

    @property
    def contexts(self) -> list[str]:
        """Prepared contexts."""
        return self.table["context"].to_pylist()


def write_int8(
    part: Path, validation: Validation, calibration: pa.Table, encoder: TextEncoder, recipe: Recipe
) -> dict[str, Any]:
    """Write model.int8.onnx with the first settings of the ladder whose loss is within the margin.

    Returns: {"kept", "margin", "settings", "tasks": {task: loss record}, "tried": […]}; `settings` is None and
    `why` says why when nothing was kept and no file is left.
    """
    target = part / FORMAT_FILES[INT8]
    gold = _gold(validation.table, recipe)
    texts = _calibration(calibration, encoder) if gold else None
    tried: list[dict[str, Any]] = []
    for how in LADDER if gold else ():
        record = _try(how, part, target, (texts, encoder.pad_id), validation, gold, recipe)
        tried.append(record)
        if record["fits"]:
            found = {"kept": True, "settings": how.name, "tasks": record["tasks"]}
            return {**found, "margin": recipe.settings.int8_margin, "tried": tried}
    target.unlink(missing_ok=True)
    why = _why(tried, recipe) if gold else "no labelled validation rows to measure the loss on"
    log.warning("int8 is left out of the bundle: %s", why)
    found = {"kept": False, "settings": None, "why": why, "tasks": {}}
    return {**found, "margin": recipe.settings.int8_margin, "tried": tried}


def _try(
    how: Quantization,
    part: Path,
    target: Path,
    texts: tuple[Encoded, int],
    validation: Validation,
    gold: Mapping[str, NDArray],
    recipe: Recipe,
) -> dict[str, Any]:
    """Write the file with these settings and measure it."""
    begun = time.perf_counter()
    try:
        # Calibration has to know every value's shape, which those of onnxruntime's own operators do not tell.
        fused = not how.static and (part / FUSED).is_file()
        quantize(part / (FUSED if fused else GRAPH), target, how, *texts)
        classifier = assemble(part, target.name, recipe.encoding, recipe.masking)
        logits = classifier.logits(validation.texts, validation.contexts)
    except ExportError as error:
        return {"settings": how.name, "fits": False, "why": error.problems[0], "tasks": {}}
    found = losses(_answered(validation, gold, logits, recipe))
    fits = all(_fits(record, recipe.settings.int8_margin) for record in found.values())
    seconds = round(time.perf_counter() - begun, 1)
    return {"settings": how.name, "fits": fits, "tasks": found, "seconds": seconds, "bytes": target.stat().st_size}


def _fits(record: Mapping[str, Any], margin: float) -> bool:
    """What could not be measured does not fit."""
    return record["loss"] is not None and record["loss"] <= margin


def _gold(table: pa.Table, recipe: Recipe) -> dict[str, NDArray]:
    """Task id → gold answers, -1 where there is none; empty unless every task has labelled rows."""
    if any(f"label.{task.id}" not in table.column_names for task in recipe.tasks):
        return {}
    found = targets(table, recipe.tasks)
    return found if all((_present(gold)).any() for gold in found.values()) else {}


def _present(gold: NDArray) -> NDArray[np.bool_]:
    return (gold >= 0).all(axis=1) if gold.ndim == 2 else gold >= 0


def _answered(
    validation: Validation, gold: Mapping[str, NDArray], logits: Mapping[str, NDArray], recipe: Recipe
) -> dict[str, Answered]:
    table, nothing = validation.table, [None] * len(validation.table)
    names = (f"meta.{name}" for name in (CONVERSATION, GROUP))
    groups = number_units(*(table[name].to_pylist() if name in table.column_names else nothing for name in names))
    found = {}
    for task in recipe.tasks:
        rows = np.flatnonzero(_present(gold[task.id]))
        sides = (validation.trained[task.id][rows], logits[task.id][rows])
        answers = gold[task.id][rows].astype(np.int64)
        found[task.id] = Answered(task, recipe.decodings[task.id], answers, *sides, groups[rows])
    return found


def _calibration(table: pa.Table, encoder: TextEncoder) -> Encoded:
    """Rows spread evenly over the table."""
    count = min(CALIBRATION_ROWS, len(table))
    picked = table.take(np.linspace(0, len(table) - 1, num=count).round().astype(np.int64)) if count else table
    return encoder.encode(picked["text"].to_pylist(), picked["context"].to_pylist())


def _why(tried: Sequence[Mapping[str, Any]], recipe: Recipe) -> str:
    """The best that was reached, in a sentence."""
    margin = recipe.settings.int8_margin
    worst = [max((r["loss"] for r in each["tasks"].values() if r["loss"] is not None), default=None) for each in tried]
    reached = [value for value in worst if value is not None]
    best = f"the best of {len(tried)} settings loses {min(reached):.4f}" if reached else "no settings could be measured"
    return f"{best} of the primary metric, more than the margin {margin:g}"
