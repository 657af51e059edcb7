"""Labels that a file holds and its task does not have, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from xinyi.data.raw import RawFile
from xinyi.data.wording import is_shown, known_text, nearest, rows_text, value_text
from xinyi.errors import describe

_SHOWN_VALUES = 10
# So many unknown values are no slips of the pen: the column is another one, and its cells could be texts.
_OTHER_COLUMN = 50


def stray_problems(
    file: RawFile, task: str, values: Sequence[Any], known: Iterable[str], inferred: bool
) -> Iterator[str]:
    """The labels of a file that are not among the task's.

    Args:
        values: each row's label, labels (multi) or None. inferred: whether the labels are those of the training rows.
    """
    known = dict.fromkeys(known)
    strays: dict[str, list[int]] = defaultdict(list)
    for row, value in zip(file.rows, values, strict=True):
        for label in (value,) if isinstance(value, str) else value or ():
            if label not in known:
                strays[label].append(row)
    yield from _problems(file, task, strays, list(known), inferred)


def _problems(
    file: RawFile, task: str, strays: Mapping[str, list[int]], known: Sequence[str], inferred: bool
) -> Iterator[str]:
    expected = f"labels of {task!r} {'that the training rows have' if inferred else f'among {known_text(known)}'}"
    if len(strays) > max(_OTHER_COLUMN, len(known)):
        remedy = f"check that data.labels.{task} names the right column, or set data.map.{task}"
        yield describe(expected, f"{len(strays)} other values", remedy, str(file.path))
        return
    for label, rows in list(strays.items())[:_SHOWN_VALUES]:
        got = f"{value_text(label)} in {len(rows)} row(s): {rows_text(rows)}"
        change = f"mend the file, or set data.map.{task}={{{_key(label)}: LABEL}} ('' = lacks it)"
        yield describe(expected, got, nearest(label, known) + change, str(file.path))
    if (more := len(strays) - _SHOWN_VALUES) > 0:
        remedy = f"mend the file, or set data.map.{task}"
        yield describe(expected, f"{more} more unknown labels", remedy, str(file.path))


def _key(label: str) -> str:
    return label if is_shown(label) else "VALUE"
