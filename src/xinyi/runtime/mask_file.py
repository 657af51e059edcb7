"""Mask personal data in one column of a file: streamed, every other column and the row order kept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from xinyi.errors import DataError, describe
from xinyi.runtime.output import check_paths, open_output
from xinyi.runtime.tables import Row, open_input
from xinyi.text import PLACEHOLDERS, find_personal_data


def mask_file(input: Path | str, output: Path | str, text_column: str = "text") -> tuple[int, Counter[str]]:
    """Write the input's rows with the text column masked; returns the rows and what was masked, by kind.

    The text is otherwise left as it is; a value that is no text stays. The output appears only when complete.

    Raises:
        DataError: file missing, not UTF-8 or broken; no such column, or not in each row; input is output.
    """
    check_paths(input, output)
    counts: Counter[str] = Counter()
    rows, broken, missing = 0, [], []
    with open_input(input) as table:
        _check_header(table.header, text_column)
        with open_output(output, table) as write:
            for row in table:
                # Written as it came, a broken row could carry personal data that nobody looked at.
                broken += [row.number] if row.error else []
                missing += [row.number] if text_column not in row.values else []
                _mask_row(row, table.header, text_column, counts)
                write(row)
                rows += 1
            _refuse(broken, "rows that can be read", "mend or remove them")
            _refuse(missing, f"{text_column!r} in each row", "name another with --text-column, or add it")
    return rows, counts


def _check_header(header: list[str] | None, column: str) -> None:
    if header is not None and column not in header:
        problem = describe(f"text column {column!r}", f"columns {header}", "name one of them with --text-column")
        raise DataError([problem], "the input cannot be masked")


def _mask_row(row: Row, header: list[str] | None, column: str, counts: Counter[str]) -> None:
    """Mask where the writer looks: a csv row is written from its cells, a jsonl row from its values."""
    value = row.values.get(column)
    if not isinstance(value, str):
        return
    if header is None or row.cells is None:
        row.values[column] = _masked(value, counts)
    else:
        row.cells[header.index(column)] = _masked(value, counts)


def _refuse(rows: list[int], expected: str, remedy: str) -> None:
    """Raise DataError when there are such rows; nothing has been written under the output's name yet."""
    if rows:
        shown = ", ".join(map(str, rows[:5])) + (" …" if len(rows) > 5 else "")
        problem = describe(expected, f"{len(rows)} without, row {shown}", remedy)
        raise DataError([problem], "the input cannot be masked")


def _masked(text: str, counts: Counter[str]) -> str:
    """The text with each span replaced by its placeholder."""
    pieces, end = [], 0
    for span in find_personal_data(text):
        pieces += [text[end : span.start], PLACEHOLDERS[span.kind]]
        end = span.end
        counts[span.kind] += 1
    return "".join([*pieces, text[end:]])
