"""Personal data that is left in the texts. Its examples are shown masked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import MOST_EXAMPLES, Material
from xinyi.text import find_personal_data

# Wider nets than the masker's: they also catch quantities, so few hits are no finding.
_SUSPICIOUS = re.compile(
    r"(?<![0-9.,A-Za-z_-])[0-9](?:[ -]?[0-9]){7,}(?![0-9.,]|[元块万亿])"
    r"|(?<![A-Za-z0-9._-])[A-Za-z0-9._-]+ ?(?:@|艾特|[(（]at[)）]) ?(?:[A-Za-z0-9-]+\.|\[网址\]|\[用户名\])"
    r"|[0-9]{3}[*xX]{3,}[0-9]{2,}|[〇零幺一二三四五六七八九]{8,}"
)


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of each split's rows that still hold personal data: by the masker, or by wider nets where it ran."""
    for split in material.splits:
        _, texts = material.sample(split)
        rows = np.array([i for i, text in enumerate(texts) if _left(text, material.masked)], dtype=np.int64)
        if not len(rows):
            continue
        share = len(rows) / len(texts)
        what = "may still hold personal data after masking" if material.masked else "hold personal data (mask=false)"
        message = f"{len(rows):,} of {len(texts):,} {split} rows ({share:.2%}) {what}"
        shown = tuple(Example((_hidden(texts[int(row)]),)) for row in rows[:MOST_EXAMPLES])
        yield Measured(share, message, split=split, count=len(rows), examples=shown)


def _left(text: str, masked: bool) -> bool:
    return bool(_SUSPICIOUS.search(text)) if masked else bool(find_personal_data(text))


def _hidden(text: str) -> str:
    """What the wider nets caught, with its characters hidden: a page of findings must not show it."""
    return _SUSPICIOUS.sub(lambda match: re.sub(r"[0-9A-Za-z〇零幺一二三四五六七八九]", "█", match.group()), text)


CHECK = Check(
    "personal_data",
    "personal data that is left",
    "error",
    0.01,
    "look at the rows; switch masking on (data.mask=true), or mask what the rules miss before training",
    measure,
)
