"""Do the exported formats answer as the trained model does?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.encoding import TextEncoder
from xinyi.errors import describe
from xinyi.export import graph
from xinyi.export.golden import Sample
from xinyi.export.scoring import torch_logits
from xinyi.export.settings import ExportError, Recipe
from xinyi.export.weights import load_model
from xinyi.runtime.compare import compare
from xinyi.runtime.loading import assemble
from xinyi.tasks.decode import probabilities

Logits = Mapping[str, NDArray[np.floating]]


def check_parity(
    folder: Path, expected: Logits, samples: Sequence[Sample], encoder: TextEncoder, recipe: Recipe
) -> dict[str, Any]:
    """Score the samples with every format in the folder and compare with the trained model's logits.

    Returns {"formats": {format: {"max_difference", "argmax_equal", "rows"}}, "max_difference"}; differences are of
    probabilities after temperature.

    Raises:
        ExportError: a format differs by more than the tolerance, or decides otherwise.
    """
    scores = {name: SCORERS[name](folder, samples, encoder, recipe) for name in recipe.settings.formats}
    formats = {name: _record(expected, got, recipe) for name, got in scores.items()}
    problems = []
    for name, record in formats.items():
        if not record["max_difference"] <= recipe.settings.tolerance:
            remedy = "raise export.tolerance only if you know why"
            expects = f"probabilities within {recipe.settings.tolerance:g} of the trained model's"
            problems.append(describe(expects, f"{record['max_difference']:.3g}", remedy, f"format {name}"))
        if not record["argmax_equal"]:
            remedy = "leave the format out and report it"
            problems.append(describe("the trained model's decisions", "others", remedy, f"format {name}"))
    if problems:
        raise ExportError(problems)
    return {"formats": formats, "max_difference": max((r["max_difference"] for r in formats.values()), default=0.0)}


def _record(expected: Logits, got: Logits, recipe: Recipe) -> dict[str, Any]:
    agreements = []
    for task in recipe.tasks:
        decoding = recipe.decodings[task.id]
        pair = (probabilities(side[task.id], task.kind, decoding.temperature) for side in (expected, got))
        agreements.append(compare(*pair, task.kind, decoding.thresholds))
    return {
        "max_difference": max(agreement.difference for agreement in agreements),
        "argmax_equal": not any(agreement.changed for agreement in agreements),
        "rows": len(expected[recipe.tasks[0].id]),
    }


def _onnx(folder: Path, samples: Sequence[Sample], encoder: TextEncoder, recipe: Recipe) -> Logits:
    """The whole served path, from raw text: cleaning, tokenizer.json, labels.json and the graph."""
    classifier = assemble(folder, graph.FILE, recipe.encoding, recipe.masking)
    return classifier.logits([sample.text for sample in samples], [sample.context for sample in samples])


def _safetensors(folder: Path, samples: Sequence[Sample], encoder: TextEncoder, recipe: Recipe) -> Logits:
    texts, contexts = zip(*(sample.prepared(recipe.masking) for sample in samples), strict=True)
    return torch_logits(load_model(folder), encoder.encode(texts, contexts), encoder.pad_id)


SCORERS = {"onnx": _onnx, "safetensors": _safetensors}
