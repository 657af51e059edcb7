"""Prove the written parts against the trained model: golden rows, parity of exact formats, the loss of int8."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from tokenizers import Tokenizer

from xinyi.encoding import TextEncoder
from xinyi.export.formats import INT8
from xinyi.export.golden import NAME as GOLDEN
from xinyi.export.golden import Sample, golden_samples, spread, write_golden
from xinyi.export.graph import FUSED, write_fused
from xinyi.export.int8 import Validation, write_int8
from xinyi.export.parity import Logits, check_parity, record
from xinyi.export.scoring import torch_logits
from xinyi.export.settings import Recipe
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.runtime.engines import FORMAT_FILES
from xinyi.runtime.loading import assemble

PARITY_ROWS = 256


def prove_parts(
    part: Path,
    twin: MultiTaskClassifier,
    tokenizer: Tokenizer,
    table: pa.Table,
    calibration: pa.Table | None,
    recipe: Recipe,
) -> dict[str, Any]:
    """Write golden.jsonl with the trained model's answers, compare every exact format with it, and measure int8.

    Returns: `check_parity`'s record, with `int8` (see `write_int8`).

    Raises:
        ExportError: an exact format answers otherwise.
    """
    golden = golden_samples(table, recipe.settings.golden)
    samples = list(dict.fromkeys([*golden, *spread(table, PARITY_ROWS, "parity")]))
    encoder = TextEncoder(Tokenizer.from_str(tokenizer.to_str()), recipe.encoding)
    texts, contexts = zip(*(sample.prepared(recipe) for sample in samples), strict=True)
    encoded = encoder.encode(texts, contexts)
    logits = torch_logits(twin, encoded, encoder.pad_id)
    write_golden(golden, encoded, logits, recipe, part / GOLDEN)
    parity = check_parity(part, logits, samples, encoder, recipe)
    parity["int8"] = {"kept": False, "settings": None, "why": "not among export.formats", "tasks": {}}
    if INT8 in recipe.settings.formats:
        validation = Validation(table, _trained(twin, table, encoder))
        own = table if calibration is None else calibration
        write_fused(twin, recipe, part)
        parity["int8"] = write_int8(part, validation, own, encoder, recipe)
        (part / FUSED).unlink(missing_ok=True)
        if parity["int8"]["kept"]:
            parity["int8"] |= _golden_difference(part, golden, logits, recipe)
    return parity


def _trained(twin: MultiTaskClassifier, table: pa.Table, encoder: TextEncoder) -> Logits:
    """The trained model's logits of every validation row."""
    if not len(table):
        return {}
    rows = encoder.encode(table["text"].to_pylist(), table["context"].to_pylist())
    return torch_logits(twin, rows, encoder.pad_id)


def _golden_difference(part: Path, golden: list[Sample], logits: Logits, recipe: Recipe) -> dict[str, float]:
    """How far int8 is from the trained model on the golden rows, by which `verify` will judge it."""
    classifier = assemble(part, FORMAT_FILES[INT8], recipe.encoding, recipe.masking)
    got = classifier.logits([sample.text for sample in golden], [sample.context for sample in golden])
    wanted = {task: logits_BC[: len(golden)] for task, logits_BC in logits.items()}
    return {"golden_difference": record(wanted, got, recipe)["max_difference"]}
