"""Exact repeats of text and context within a split: they count double, and a learner may simply remember them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import MOST_EXAMPLES, Material


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of each split's rows that repeat an earlier row of it."""
    for split, table in material.splits.items():
        values = pc.value_counts(table["id"])
        count = len(table) - len(values)
        if not count:
            continue
        numbers = values.field("counts").to_numpy()
        places = np.argsort(-numbers, kind="stable")[:MOST_EXAMPLES]
        often = [entry for entry in values.take(places).to_pylist() if entry["counts"] > 1]
        ids = table["id"].to_numpy()
        shown = tuple(
            Example((table["text"][int(np.argmax(ids == entry["values"]))].as_py(),), f"{entry['counts']} times")
            for entry in often
        )
        share = count / len(table)
        message = f"{count:,} of {len(table):,} {split} rows ({share:.1%}) repeat an earlier row of it exactly"
        yield Measured(share, message, split=split, count=count, examples=shown)


CHECK = Check(
    "duplicates",
    "exact repeats within a split",
    "warning",
    0.05,
    "remove the repeats, unless the frequency of such messages matters",
    measure,
)
