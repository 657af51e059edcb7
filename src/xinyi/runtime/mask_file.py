"""Mask personal data in one column of a file: streamed, every other column and the row order kept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from xinyi.errors import DataError, describe
from xinyi.runtime.output import check_paths, open_output
from xinyi.runtime.tables import open_input
from xinyi.text import PLACEHOLDERS, find_personal_data


def mask_file(input: Path | str, output: Path | str, text_column: str = "text") -> tuple[int, Counter[str]]:
    """Write the input's rows with the text column masked; returns the rows and what was masked, by kind.

    The text is otherwise left as it is. A value that is no text stays as it is. The output appears only when complete.

    Raises:
        DataError: file missing, not UTF-8 or broken; no such column; input is output.
    """
    check_paths(input, output)
    counts: Counter[str] = Counter()
    rows, broken = 0, []
    with open_input(input) as table:
        _check_header(table.header, text_column)
        with open_output(output, table, []) as write:
            for row in table:
                # Written as it came, a broken row could carry personal data that nobody looked at.
                broken += [row.number] if row.error else []
                value = row.values.get(text_column)
                if isinstance(value, str):
                    row.values[text_column] = _masked(value, counts)
                write(row)
                rows += 1
            _refuse(broken)
    return rows, counts


def _check_header(header: list[str] | None, column: str) -> None:
    if header is not None and column not in header:
        problem = describe(f"text column {column!r}", f"columns {header}", "name one of them with --text-column")
        raise DataError([problem], "the input cannot be masked")


def _refuse(broken: list[int]) -> None:
    """Raise DataError when rows could not be read."""
    if broken:
        shown = ", ".join(map(str, broken[:5])) + (" …" if len(broken) > 5 else "")
        problem = describe("rows that can be read", f"{len(broken)} broken, row {shown}", "mend or remove them")
        raise DataError([problem], "the input cannot be masked")


def _masked(text: str, counts: Counter[str]) -> str:
    """The text with each span replaced by its placeholder."""
    pieces, end = [], 0
    for span in find_personal_data(text):
        pieces += [text[end : span.start], PLACEHOLDERS[span.kind]]
        end = span.end
        counts[span.kind] += 1
    return "".join([*pieces, text[end:]])
