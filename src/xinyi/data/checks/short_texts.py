"""Texts of one to three characters: 嗯 and 好的 say little without what came before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import Material

SHORT = 3


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of each split's rows that have at most three characters."""
    for split, lengths in material.lengths.items():
        rows = np.flatnonzero(lengths <= SHORT)
        if not len(rows):
            continue
        share = len(rows) / len(lengths)
        contexts = "" if any(material.splits[split]["context"].slice(0, 1000).to_pylist()) else ", without a context"
        message = (
            f"{len(rows):,} of {len(lengths):,} {split} rows ({share:.1%}) have at most {SHORT} characters{contexts}"
        )
        shown = tuple(Example((text,)) for text in material.examples(split, rows))
        yield Measured(share, message, split=split, count=len(rows), examples=shown)


CHECK = Check(
    "short_texts",
    "very short texts",
    "warning",
    0.15,
    "name the turns before (data.context), or drop rows that mean nothing alone",
    measure,
)
