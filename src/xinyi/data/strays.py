"""Labels that a file holds and its task does not have, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xinyi.data.mapping import are_stars
from xinyi.data.raw import RawFile
from xinyi.data.wording import is_shown, known_text, nearest, rows_text, value_text
from xinyi.errors import describe

_SHOWN_VALUES, _SHOWN_LABELS = 10, 50
# So many unknown values are no slips of the pen: the column is another one, and its cells could be texts.
_OTHER_COLUMN = 50
_SCALES = (5, 10)

Rows = Mapping[str, Sequence[int]]


@dataclass
class Strays:
    """Tells of a task's unknown labels, and in the first problem which ones it has.

    inferred: whether they were read off the training rows. listed: whether a problem has named them.
    """

    task: str
    kind: str
    inferred: bool
    listed: bool = False

    def problems(
        self, file: RawFile, column: str, values: Sequence[Any], known: Iterable[str], names: Iterable[str] = ()
    ) -> Iterator[str]:
        """The labels of a file that are not among the task's.

        Args:
            column: the task under which the settings name the column. values: each row's label, labels (multi) or None.
            known: the labels that cells may hold. names: other ways to write them.
        """
        known = dict.fromkeys(known)
        strays: dict[str, list[int]] = defaultdict(list)
        for row, value in zip(file.rows, values, strict=True):
            for label in (value,) if isinstance(value, str) else value or ():
                if label not in known:
                    strays[label].append(row)
        where = str(file.path)
        for got, remedy in self._found(strays, column, list(known), names) if strays else ():
            yield describe(self._expected(list(known), bool(names)), got, remedy, where)

    def _expected(self, known: Sequence[str], named: bool) -> str:
        first, self.listed = not self.listed, True
        if self.inferred:
            return f"labels of {self.task!r} that the training rows have"
        labels = f" among {known_text(known, _SHOWN_LABELS)}{', or their zh or en names' if named else ''}"
        return f"labels of {self.task!r}{labels if first else ''}"

    def _found(
        self, strays: Rows, column: str, known: Sequence[str], names: Iterable[str]
    ) -> Iterator[tuple[str, str]]:
        """What was got and what to do about it."""
        levels = self.kind == "ordinal" and not self.inferred and not are_stars(known, max(_SCALES))
        if scale := next((most for most in _SCALES if levels and are_stars(strays, most)), None):
            rows = sorted({row for found in strays.values() for row in found})
            got = f"numbers from 1 to {scale} in {len(rows)} row(s): {rows_text(rows)}"
            yield got, f"if these are stars, set data.stars.{column}={scale}, else data.map.{column}"
        elif len(strays) > max(_OTHER_COLUMN, len(known)):
            remedy = f"check that data.labels.{column} names the right column, or set data.map.{column}"
            yield f"{len(strays)} other values", remedy
        else:
            for label, rows in list(strays.items())[:_SHOWN_VALUES]:
                change = f"mend the file, or set 'data.map.{column}={{{_key(label)}: LABEL}}' (\"\" = lacks it)"
                got = f"{value_text(label)} in {len(rows)} row(s): {rows_text(rows)}"
                yield got, nearest(label, [*known, *names]) + change
            if (more := len(strays) - _SHOWN_VALUES) > 0:
                yield f"{more} more unknown labels", f"mend the file, or set data.map.{column}"


def _key(label: str) -> str:
    """The label as a key of data.map between a shell's quotes, or a word in its place."""
    plain = all(sign.isalnum() or sign in "_-./ " or ord(sign) > 127 for sign in label)
    return label if plain and is_shown(label) else "VALUE"
