"""Near-duplicates within the training rows: templates, edited copies, the same message with another order number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import MOST_EXAMPLES, Material


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of training rows that nearly repeat an earlier one."""
    if "train" not in material.splits:
        return
    texts = material.texts("train")
    alike = material.repeats
    rows = np.flatnonzero(alike >= 0)
    if not len(rows):
        return
    share = len(rows) / len(texts)
    shown = tuple(Example((texts[int(row)].as_py(), texts[int(alike[row])].as_py())) for row in rows[:MOST_EXAMPLES])
    message = f"{len(rows):,} of {len(texts):,} train rows ({share:.1%}) are nearly the same as an earlier one"
    yield Measured(share, message, split="train", count=len(rows), examples=shown)


CHECK = Check(
    "near_duplicates",
    "near-duplicates within the training rows",
    "warning",
    0.10,
    "keep one of each, or a row of each wording",
    measure,
    needs_train=True,
)
