"""Exact repeats across splits: a model that remembers them looks better than it is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import Material

# 你好 in both splits is no leak: so many characters of text and context together.
LEAST_CHARACTERS = 6


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of each later split's rows whose text and context stand in an earlier split, greetings aside."""
    for first, second in material.pairs():
        table = material.splits[second]
        known = pc.unique(material.splits[first]["id"])
        long = pc.utf8_length(table["text"]).to_numpy() + pc.utf8_length(table["context"]).to_numpy()
        rows = np.flatnonzero(pc.is_in(table["id"], value_set=known).to_numpy() & (long >= LEAST_CHARACTERS))
        if not len(rows):
            continue
        share = len(rows) / len(table)
        message = f"{len(rows):,} of {len(table):,} {second} rows ({share:.1%}) repeat a row of {first} exactly"
        shown = tuple(Example((text,)) for text in material.examples(second, rows))
        yield Measured(share, message, split=second, count=len(rows), examples=shown)


CHECK = Check(
    "leaks",
    "exact repeats across splits",
    "error",
    0.01,
    "remove these rows from the later split, or let data.test_share make the splits (without data.group)",
    measure,
    needs_train=True,
)
