"""Near-duplicates of training rows in the other splits. They are marked, so that metrics can be had without them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import MOST_EXAMPLES, Material


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of each split's rows with nearly or exactly the text of a training row, whatever the context."""
    train = material.texts("train") if "train" in material.splits else None
    for split, alike in material.near.items():
        rows = np.flatnonzero(alike >= 0)
        if train is None or not len(rows):
            continue
        texts = material.texts(split)
        share = len(rows) / len(texts)
        shown = tuple(
            Example((texts[int(row)].as_py(), train[int(alike[row])].as_py()), f"{split}, then train")
            for row in rows[:MOST_EXAMPLES]
        )
        message = f"{len(rows):,} of {len(texts):,} {split} rows ({share:.1%}) are nearly the same as a training row"
        yield Measured(share, message, split=split, count=len(rows), examples=shown)


CHECK = Check(
    "near_leaks",
    "near-duplicates across splits",
    "warning",
    0.05,
    "group such rows (data.group), or look at the slice near_duplicate_in_training of the report",
    measure,
    needs_train=True,
)
