"""Several labels in a cell: whether a column that nobody described holds them, and what speaks against it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from xinyi.data.cells import SEPARATORS, SEPARATORS_OF_MULTI, as_list, as_text, is_missing, notice_separator
from xinyi.data.raw import RawFile
from xinyi.data.wording import rows_text

_COMMAS = re.compile("[" + "".join(sign for sign in SEPARATORS_OF_MULTI if sign not in SEPARATORS) + "]")
# Of the different cells with a comma, so many must be made of words that stand elsewhere too: 退、换货 is one label.
_LISTED = 0.9
# Of the filled cells; where fewer hold a separator, it may be a slip.
_SLIPS = 0.01
# With fewer different cells, parts that keep their places may do so by chance.
_FEWEST_PATHS = 3


def holds_several(task: str, files: Sequence[RawFile]) -> bool:
    """Whether any cell of the training files is a list or holds a separator, or commas stand between labels."""
    for file in files:
        cells, signs = file.labels[task], (file.source.separator,) if file.source.separator else SEPARATORS
        if any(as_list(cell) is not None for cell in cells) or notice_separator(cells, signs) is not None:
            return True
    return commas_part(task, files)


def commas_part(task: str, files: Sequence[RawFile]) -> bool:
    """Whether 、 ， and , stand between labels, not in their names, in the training files' cells."""
    lists = _lists(task, files)
    return sum(map(all, lists)) >= _LISTED * len(lists) > 0


def comma_notes(task: str, files: Sequence[RawFile]) -> Iterator[str]:
    """What is to be said of a task that was read as one label a row although some commas look like separators."""
    if count := sum(map(any, _lists(task, files))):
        seen = f"{count} label(s) hold 、 ， or , beside words that also stand elsewhere"
        yield f"{task}: {seen}; if such a cell means several labels, set data.kinds.{task}=multi"


def _lists(task: str, files: Sequence[RawFile]) -> list[list[bool]]:
    """For each different cell with a comma: of each part, whether another cell has it too. Not of cells that data.map
    takes as a whole."""
    cells = {cell for file in files if not file.source.separator for cell in file.labels[task] if isinstance(cell, str)}
    named = {as_text(key) for file in files for key in file.source.map.get(task, ())}
    texts = [cell for cell in cells - named if as_list(cell) is None]
    parted = [{p for part in _COMMAS.split(text) if (p := part.strip())} for text in texts]
    counts = Counter(part for parts in parted for part in parts)
    return [[counts[part] > 1 for part in parts] for parts in parted if len(parts) > 1]


def separator_notes(task: str, files: Sequence[tuple[RawFile, re.Pattern[str] | None]]) -> Iterator[str]:
    """What speaks against several labels a row in training files whose cells hold separators: few cells have one,
    nothing stands before or after it, or the parts are the steps of a path.

    Args:
        files: each with the separator of its cells, if they have one.
    """
    parted = [(file, _parted(file.labels[task], sign)) for file, sign in files if sign is not None]
    filled = [cell for file, _ in files for cell in file.labels[task] if not is_missing(cell)]
    few = sum(len(found) for _, found in parted) < _SLIPS * len(filled)
    single = f"set data.kinds.{task}=single if a cell is one label"
    for file, found in parted:
        if odd := [file.rows[i] for i, parts in found.items() if few or not all(parts)]:
            what = "a separator, which others do not" if few else "a separator with nothing before or after it"
            yield f"{file.name}: {len(odd)} cell(s) of {task} hold {what}: {rows_text(odd)}; mend them, or {single}"
    paths = {tuple(parts) for _, found in parted for parts in found.values()}
    whole = {cell.strip() for cell in filled if isinstance(cell, str)} if paths and not few else set()
    if whole and _are_paths(paths, len(whole)):
        yield f"{task}: the parts of a cell keep their places, as the steps of a path do; {single}"


def _parted(cells: Iterable[Any], sign: re.Pattern[str]) -> dict[int, list[str]]:
    """Number of the cell → its parts, of those that hold the separator."""
    texts = ((i, cell) for i, cell in enumerate(cells) if isinstance(cell, str) and as_list(cell) is None)
    return {i: [part.strip() for part in sign.split(text)] for i, text in texts if sign.search(text)}


def _are_paths(paths: set[tuple[str, ...]], cells: int) -> bool:
    """Whether most of the different cells have parts, each part has one place, and several begin alike."""
    places = {(part, place) for path in paths for place, part in enumerate(path)}
    first = {path[0] for path in paths}
    return (
        len(paths) >= max(_FEWEST_PATHS, cells / 2)
        and len(first) < len(paths)
        and len({part for part, _ in places}) == len(places)
    )
