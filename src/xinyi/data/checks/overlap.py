"""Overlap of files: the same messages collected twice, perhaps cut otherwise or under other conversation ids."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import MOST_EXAMPLES, Material
from xinyi.data.near import SHORTEST


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """For each two files the share of the smaller one's longer texts that stand in the other, whatever the context.

    Files that go to different splits only are left to the checks for leaks.
    """
    table = pa.concat_tables([t.select(["text", "source"]) for t in material.splits.values()])
    splits = _splits_of_files(material)
    table = table.filter(pc.greater_equal(pc.utf8_length(table["text"]), SHORTEST))
    texts = {
        name: pc.unique(table.filter(pc.equal(table["source"], name))["text"])
        for name in sorted(pc.unique(table["source"]).to_pylist())
    }
    for first, second in combinations(texts, 2):
        if splits[first].isdisjoint(splits[second]):
            continue
        small, large = sorted((first, second), key=lambda name: len(texts[name]))
        both = np.flatnonzero(pc.is_in(texts[small], value_set=texts[large]).to_numpy(zero_copy_only=False))
        if not len(both):
            continue
        share = len(both) / len(texts[small])
        message = f"{len(both):,} of {len(texts[small]):,} texts of {small} ({share:.1%}) stand in {large} too"
        shown = tuple(Example((texts[small][int(row)].as_py(),)) for row in both[:MOST_EXAMPLES])
        yield Measured(share, message, label=f"{small} / {large}", count=len(both), examples=shown)


def _splits_of_files(material: Material) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for split, table in material.splits.items():
        for name in pc.unique(table["source"]).to_pylist():
            found.setdefault(name, set()).add(split)
    return found


CHECK = Check(
    "overlap",
    "the same texts in several files",
    "warning",
    0.05,
    "merge the files by text before training on them together, and split afterwards",
    measure,
)
