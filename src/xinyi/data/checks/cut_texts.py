"""Texts that an export cut off: many of exactly the greatest length, or with an ellipsis that pages put there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import Material

# At a cut, one length holds far more rows than its neighbours below.
PILE, NEIGHBOURS, LEAST, LEAST_LENGTH = 5.0, 20, 10, 50
_MARK = re.compile(
    r"(?:\.{3}|…)\s*(?:展开(?:全文)?|全文|查看全文|显示全部|阅读全文)\s*(?:[cC]|>+)?$|\[(?:更多|more)\]$"
)


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of each split's rows that look cut."""
    for split, lengths in material.lengths.items():
        read, texts = material.sample(split)
        lengths = lengths[read]
        piled = _pile(lengths)
        rows = [i for i, text in enumerate(texts) if _MARK.search(text[-12:]) or lengths[i] == piled]
        if not rows:
            continue
        share = len(rows) / len(texts)
        where = f", most at exactly {piled} characters" if piled else ""
        message = f"{len(rows):,} of {len(texts):,} {split} rows ({share:.1%}) look cut off{where}"
        shown = tuple(Example((f"…{texts[row][-40:]}",)) for row in rows[:5])
        yield Measured(share, message, split=split, count=len(rows), examples=shown)


def _pile(lengths: np.ndarray) -> int | None:
    """The greatest length, if many rows have exactly it."""
    if not len(lengths):
        return None
    greatest = int(lengths.max())
    if greatest < LEAST_LENGTH:
        return None
    at, below = int((lengths == greatest).sum()), int(((lengths < greatest) & (lengths >= greatest - NEIGHBOURS)).sum())
    return greatest if at >= LEAST and at > PILE * max(1.0, below / NEIGHBOURS) else None


CHECK = Check(
    "cut_texts",
    "texts that were cut off",
    "warning",
    0.005,
    "export the full texts",
    measure,
)
