"""Damaged text: wrong decodings, lost characters, scraped-in pinyin."""

from __future__ import annotations

from collections.abc import Iterator

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import MOST_EXAMPLES, Material
from xinyi.text.damage import repair


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of each split's rows that are still damaged, then of all rows those that reading repaired."""
    for split in material.splits:
        _, texts = material.sample(split)
        found = [(text, result) for text in texts if (result := repair(text)).repaired or result.left]
        if found:
            kinds = sorted({kind for _, result in found for kind in (*result.repaired, *result.left)})
            share = len(found) / len(texts)
            message = f"{len(found):,} of {len(texts):,} {split} rows ({share:.2%}) are damaged: {', '.join(kinds)}"
            shown = tuple(Example((text,)) for text, _ in found[:MOST_EXAMPLES])
            yield Measured(share, message, split=split, count=len(found), examples=shown)
    yield from _repaired(material)


def _repaired(material: Material) -> Iterator[Measured]:
    """What was repaired cannot be seen in the table any more; the files' own counts tell."""
    for source in material.sources:
        counts = {kind: found["repaired"] for kind, found in source.get("damage", {}).items() if found["repaired"]}
        if counts:
            share = sum(counts.values()) / max(1, source["rows"])
            kinds = ", ".join(f"{kind} {count:,}" for kind, count in counts.items())
            message = f"{source['file']}: damaged text was repaired in reading: {kinds}"
            yield Measured(share, message, count=sum(counts.values()))


CHECK = Check(
    "damaged_text",
    "damaged text",
    "warning",
    0.001,
    "export the file again as UTF-8; data.repair=true undoes what can be undone safely",
    measure,
)
