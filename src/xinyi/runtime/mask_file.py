"""Mask personal data in one column of a file: streamed, every other column and the row order kept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from xinyi.errors import DataError, describe
from xinyi.runtime.columns import shown
from xinyi.runtime.output import check_paths, open_output
from xinyi.runtime.tables import Row, open_input
from xinyi.text import PLACEHOLDERS, mask, normalize, prepare


def mask_file(input: Path | str, output: Path | str, text_column: str = "text") -> tuple[int, Counter[str]]:
    """Write the input's rows with the text column masked; returns the rows and what was masked, by kind.

    The text is otherwise left as it is, but where the rules see more in the cleaned text that training reads, that one
    is written. A value that is no text stays. The output appears only when complete.

    Raises:
        DataError: file missing or cut; rows that cannot be read; no such column, or not in each row; input is output.
    """
    check_paths(input, output)
    counts: Counter[str] = Counter()
    rows, broken, missing, odd = 0, [], [], []
    with open_input(input) as table:
        _check_header(table.header, text_column)
        with open_output(output, table) as write:
            for row in table:
                # Written as it came, a broken row could carry personal data that nobody looked at.
                broken += [row.number] if row.error else []
                missing += [row.number] if text_column not in row.values else []
                odd += [] if _mask_row(row, table.header, text_column, counts) else [row.number]
                write(row)
                rows += 1
            _refuse(broken, "rows that can be read", "mend or remove them")
            _refuse(odd, f"text, numbers or lists of texts in {text_column!r}", "take the texts out of these objects")
            _refuse(missing, f"{text_column!r} in each row", "name another with --text-column, or add it")
    return rows, counts


def _check_header(header: list[str] | None, column: str) -> None:
    if header is not None and header.count(column) != 1:
        got = f"it {header.count(column)} times among" if column in header else "columns"
        remedy = "name one of them with --text-column; has the file a header?"
        problem = describe(f"text column {column!r}, once", f"{got} {shown(header)}", remedy)
        raise DataError([problem], "the input cannot be masked")


def _mask_row(row: Row, header: list[str] | None, column: str, counts: Counter[str]) -> bool:
    """Mask wherever a writer may look: csv is written from a row's cells, other forms from its values.

    Returns whether the value is one in which personal data can be looked for.
    """
    try:
        masked = _masked_value(row.values.get(column), counts)
    except TypeError:
        return False
    if column in row.values:
        row.values[column] = masked
    if header is not None and row.cells is not None:
        row.cells[header.index(column)] = masked
    return True


def _masked_value(value: Any, counts: Counter[str]) -> Any:
    """A text, a number that may be one's telephone, or the turns of a conversation. Raises TypeError for others."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, list):
        return [_masked_value(part, counts) for part in value]
    if isinstance(value, str):
        return _masked(value, counts)
    if isinstance(value, int | float):
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        masked = _masked(text, counts)
        return value if masked == text else masked
    if hasattr(value, "isoformat"):
        return value
    raise TypeError(type(value).__name__)


def _refuse(rows: list[int], expected: str, remedy: str) -> None:
    """Raise DataError when there are such rows; nothing has been written under the output's name yet."""
    if rows:
        shown = ", ".join(map(str, rows[:5])) + (" …" if len(rows) > 5 else "")
        problem = describe(expected, f"{len(rows)} without, row {shown}", remedy)
        raise DataError([problem], "the input cannot be masked")


def _masked(text: str, counts: Counter[str]) -> str:
    """The text with all that `prepare` finds in it replaced by placeholders."""
    masked, wanted = mask(text), prepare(text)
    if normalize(masked) != wanted:
        masked = wanted
    for kind, placeholder in PLACEHOLDERS.items():
        if (new := masked.count(placeholder) - text.count(placeholder)) > 0:
            counts[kind] += new
    return masked
