"""label_errors.csv: suspected label errors for an annotator to work through, and the way back into the data."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xinyi.data.checks.label_errors import suspects
from xinyi.data.checks.material import Material
from xinyi.text import mask

FIELDS = ("id", "task", "given", "suggested", "belief", "label", "text", "context", "split", "source", "row")
# A spreadsheet takes a cell that begins like this for a formula.
_FORMULA = ("=", "+", "-", "@")


def write_suspects(path: Path, material: Material) -> int:
    """Write one row a suspected label, the least believable first of each task, and return how many there are.

    The column `label` is empty: the annotator writes the right label there (several joined by " + ", "-" for none of a
    task of several labels, "drop" for a row that should lack the label) or leaves it empty to keep the given one.
    Texts are masked, in UTF-8 with a byte order mark, which spreadsheets need.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    count = 0
    with open(beside, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        for line in _lines(material):
            writer.writerow({key: _safe(value) for key, value in line.items()})
            count += 1
    os.replace(beside, path)
    return count


def _lines(material: Material) -> Iterable[Mapping[str, Any]]:
    for task in material.tasks:
        for suspect in suspects(material, task):
            row: Mapping[str, Sequence[Any]] = material.splits[suspect.split].slice(suspect.row, 1).to_pydict()
            yield {
                "id": row["id"][0],
                "task": task.id,
                "given": suspect.given,
                "suggested": suspect.suggested,
                "belief": f"{suspect.belief:.4f}",
                "label": "",
                "text": mask(row["text"][0]),
                "context": mask(row["context"][0] or ""),
                "split": suspect.split,
                "source": row["source"][0],
                "row": row["row"][0],
            }


def _safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) and len(value) > 1 else value
