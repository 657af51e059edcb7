"""Label cells before they are parsed: stars to levels, and rows that are left out because of their label."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from xinyi.data.cells import SEPARATORS, BadCellError, as_list, as_text
from xinyi.data.raw import RawFile
from xinyi.data.wording import value_text

_NUMBER = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?)\s*(?:星级|星|颗星|分|stars?|/\s*([0-9]+))?", re.IGNORECASE)
_DRAWN = re.compile("(★{1,10})[☆✩]*|(⭐{1,10})")
_SPELLED = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5}
_SPELLED_STARS = re.compile("([一二两三四五])星级?")


def stars_to_level(cell: Any, most: int, levels: Sequence[str]) -> str | None:
    """The level for a number of stars from 1 to `most`, None where the cell is blank.

    Levels lie evenly over the stars, and a star between two levels goes to the outer one: five stars over three levels
    are low, low, middle, high, high. Cells may say 4, 4.5, "4星", "4/5", "★★★★☆" or "四星".

    Args:
        levels: from low to high.

    Raises:
        BadCellError: no number of stars, or one outside the scale.
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    stars = _stars(as_text(cell), most)
    if stars is None or not 1 <= stars <= most:
        raise BadCellError(f"no number of stars from 1 to {most}")
    place, middle = (stars - 1) / (most - 1) * (len(levels) - 1), (len(levels) - 1) / 2
    # Halves are exact in binary; anything else is rounded to the nearest level.
    whole, half = int(place), place - int(place) == 0.5
    outer = whole if place < middle else whole + 1
    return levels[outer if half and place != middle else round(place)]


def are_stars(labels: Iterable[str], most: int) -> bool:
    """Whether all labels are numbers of stars from 1 to `most`."""
    return all(1 <= (_stars(label, most) or 0) <= most for label in labels)


def _stars(text: str, most: int) -> float | None:
    text = text.replace("\ufe0f", "")
    if match := _NUMBER.fullmatch(text):
        return float(match.group(1)) if match.group(2) in (None, str(most)) else None
    if match := _DRAWN.fullmatch(text):
        return len(match.group(1) or match.group(2))
    match = _SPELLED_STARS.fullmatch(text)
    return _SPELLED[match.group(1)] if match else None


def drop_rows(files: Sequence[RawFile], warnings: list[str]) -> list[frozenset[int]]:
    """For each file the numbers (from 0) of the rows that `data.drop` leaves out. Their labels are cleared, so that no
    task sees them.

    Adds to `warnings` how many rows each label took of each file, and labels that no row has.
    """
    dropped: list[frozenset[int]] = []
    taken: Counter[tuple[str, str]] = Counter()
    for file in files:
        found, counts = _dropped(file)
        for (task, label), count in counts.items():
            shown = f"{count} row(s) left out with label {value_text(label)} (data.drop.{task})"
            warnings.append(f"{file.name}: {shown}")
        taken += counts
        for cells in file.labels.values():
            for i in found:
                cells[i] = None
        dropped.append(found)
    asked = [(task, labels) for file in files for task, labels in file.source.drop.items()]
    named = dict.fromkeys((task, as_text(label)) for task, labels in asked for label in labels)
    warnings += [f"data.drop.{task}: no row has the label {value_text(x)}" for task, x in named if not taken[task, x]]
    return dropped


def _dropped(file: RawFile) -> tuple[frozenset[int], Counter[tuple[str, str]]]:
    """The file's rows that are left out, each counted once, for the first label that says so."""
    found: dict[int, None] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for task, labels in file.source.drop.items():
        wanted = set(map(as_text, labels))
        for i, cell in enumerate(file.labels.get(task, ())):
            for label in wanted.intersection(_texts(cell, file.source.separator)):
                counts[task, label] += i not in found
                found[i] = None
    return frozenset(found), counts


def _texts(cell: Any, separator: str | None) -> Iterator[str]:
    """A cell's labels: as a whole, and parted where a sign parts labels whatever the task's kind."""
    parts = as_list(cell) or [cell]
    if isinstance(cell, str) and parts == [cell]:
        pattern = re.escape(separator) if separator else "|".join(map(re.escape, SEPARATORS))
        parts = [cell, *re.split(pattern, cell)]
    for part in parts:
        try:
            if part is not None:
                yield as_text(part)
        except BadCellError:
            continue  # reported when the labels are parsed
