"""Do the exported formats answer as the trained model does?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.encoding import TextEncoder
from xinyi.errors import describe
from xinyi.export.formats import FORMATS
from xinyi.export.golden import Sample
from xinyi.export.settings import ExportError, Recipe
from xinyi.runtime.compare import compare
from xinyi.runtime.engines import FORMAT_FILES, SERVABLE
from xinyi.runtime.loading import assemble
from xinyi.tasks.decode import probabilities

Logits = Mapping[str, NDArray[np.floating]]


def check_parity(
    folder: Path, expected: Logits, samples: Sequence[Sample], encoder: TextEncoder, recipe: Recipe
) -> dict[str, Any]:
    """Score the samples with every exact format in the folder and compare with the trained model's logits.

    Returns {"formats": {format: {"max_difference", "argmax_equal", "rows"}}, "max_difference"}; differences are of
    probabilities after temperature.

    Raises:
        ExportError: a format differs by more than the tolerance, or decides otherwise.
    """
    exact = [name for name in FORMATS if name in recipe.settings.formats]
    formats = {name: record(expected, _score(name, folder, samples, encoder, recipe), recipe) for name in exact}
    problems = []
    for name, found in formats.items():
        if not found["max_difference"] <= recipe.settings.tolerance:
            remedy = "raise export.tolerance only if you know why"
            expects = f"probabilities within {recipe.settings.tolerance:g} of the trained model's"
            problems.append(describe(expects, f"{found['max_difference']:.3g}", remedy, f"format {name}"))
        if not found["argmax_equal"]:
            remedy = "leave the format out and report it"
            problems.append(describe("the trained model's decisions", "others", remedy, f"format {name}"))
    if problems:
        raise ExportError(problems)
    return {"formats": formats, "max_difference": max((r["max_difference"] for r in formats.values()), default=0.0)}


def record(expected: Logits, got: Logits, recipe: Recipe) -> dict[str, Any]:
    """How far two sets of logits of the same rows are apart, as probabilities and as decisions."""
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


def _score(name: str, folder: Path, samples: Sequence[Sample], encoder: TextEncoder, recipe: Recipe) -> Logits:
    """Formats that serve are asked the whole path from raw text; the others get the token ids."""
    if name in SERVABLE:
        classifier = assemble(folder, FORMAT_FILES[name], recipe.encoding, recipe.masking)
        return classifier.logits([sample.text for sample in samples], [sample.context for sample in samples])
    score = FORMATS[name].score
    assert score is not None  # a format either serves or has one
    texts, contexts = zip(*(sample.prepared(recipe) for sample in samples), strict=True)
    return score(folder / FORMAT_FILES[name], encoder.encode(texts, contexts), encoder.pad_id)
