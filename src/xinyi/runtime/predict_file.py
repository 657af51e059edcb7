"""Classify a file: streamed in pieces, every column and the row order kept, one bad row never stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from xinyi.errors import DataError, describe
from xinyi.runtime.classifier import Classifier
from xinyi.runtime.loading import load
from xinyi.runtime.output import check_paths, open_output
from xinyi.runtime.tables import ERROR, Row, open_input

CHUNK_ROWS = 2048
CHUNK_CHARACTERS = 2_000_000


@dataclass(frozen=True)
class Summary:
    """rows: all rows. errors: rows that got an error instead of an answer."""

    rows: int
    errors: int


@dataclass(frozen=True)
class Columns:
    """Where the texts stand and what is added."""

    text: str
    context: str | None
    tasks: tuple[str, ...]
    probabilities: bool

    @property
    def added(self) -> list[str]:
        """Names of the new columns."""
        pairs = [(task, f"{task}.probability") if self.probabilities else (task,) for task in self.tasks]
        return [*(name for pair in pairs for name in pair), ERROR]


def predict_file(
    bundle: Path | str | Classifier,
    input: Path | str,
    output: Path | str,
    text_column: str = "text",
    context_column: str | None = None,
    probabilities: bool = False,
    progress: Callable[[int, float | None], None] | None = None,
) -> Summary:
    """Write the input's rows with one more column a task: the label's id.

    Args:
        bundle: a folder, or a classifier already loaded.
        input, output: .csv, .tsv or .jsonl, or "-" for jsonl on stdin and stdout. A multi task's labels are a list
            in jsonl and joined by | in csv. The output appears only when complete.
        probabilities: adds `<task>.probability`.
        progress: called with the rows done and the share of the input read (None on stdin).

    A row that has no usable text keeps its columns, gets no labels and says why in `error` (a column in csv; in
    jsonl a key that only such rows have).

    Raises:
        DataError: file missing, not UTF-8 or broken; no such column; a column name is taken; input is output.
        BundleError: the bundle cannot be used.
    """
    check_paths(input, output)
    classifier = bundle if isinstance(bundle, Classifier) else load(bundle)
    columns = Columns(text_column, context_column, tuple(task.id for task in classifier.tasks), probabilities)
    rows = errors = 0
    with open_input(input) as table:
        pieces = _pieces(table, columns)
        first = next(pieces, [])
        _check_columns(table.header, first, columns)
        with open_output(output, table, columns.added) as write:
            while first:
                errors += _answer(classifier, first, columns)
                for row in first:
                    write(row)
                rows += len(first)
                if progress:
                    progress(rows, table.share())
                first = next(pieces, [])
    return Summary(rows, errors)


def _pieces(rows: Iterator[Row], columns: Columns) -> Iterator[list[Row]]:
    """Neighbouring rows, bounded in number and in characters."""
    piece: list[Row] = []
    size = 0
    for row in rows:
        piece.append(row)
        size += row.size
        if len(piece) >= CHUNK_ROWS or size > CHUNK_CHARACTERS:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _check_columns(header: list[str] | None, piece: list[Row], columns: Columns) -> None:
    """Raise DataError when the wanted columns are not there (jsonl: in none of the first rows) or names clash."""
    found = header if header is not None else list(dict.fromkeys(name for row in piece for name in row.values))
    problems = []
    for option, name in (("text column", columns.text), ("context column", columns.context)):
        if name is None or (name in found and found.count(name) == 1) or not (found or header is not None):
            continue
        close = get_close_matches(name, found, n=1, cutoff=0.5)
        remedy = f"did you mean {close[0]!r}?" if close and close[0] != name else "name one of them"
        got = f"columns {found}" if name not in found else f"it {found.count(name)} times in {found}"
        problems.append(describe(f"{option} {name!r}, once", got, remedy))
    if taken := [name for name in columns.added if name in found]:
        problems.append(describe(f"no columns named {columns.added}", taken, "rename them in the input"))
    if problems:
        raise DataError(problems, "the input cannot be classified")


def _answer(classifier: Classifier, rows: list[Row], columns: Columns) -> int:
    """Fill in each row's new values; returns how many rows got an error."""
    for row in rows:
        if taken := [name for name in columns.added if name in row.values]:
            raise DataError([describe("no keys named as the new ones", taken, "rename them", f"row {row.number}")])
        row.error = row.error or _row_error(row.values, columns)
    good = [row for row in rows if row.error is None]
    contexts = None if columns.context is None else [_turns(row.values.get(columns.context)) for row in good]
    for row, answer in zip(good, classifier.predict([row.values[columns.text] for row in good], contexts), strict=True):
        for task, said in answer.items():
            row.added[task] = said["label"]
            if columns.probabilities:
                row.added[f"{task}.probability"] = said["probability"]
    return len(rows) - len(good)


def _row_error(values: dict[str, Any], columns: Columns) -> str | None:
    """Why this row has no usable text."""
    text = values.get(columns.text)
    if text is None:
        return f"column {columns.text!r} is missing"
    if not isinstance(text, str):
        return f"column {columns.text!r} is no text but {type(text).__name__}"
    if not text.strip():
        return f"column {columns.text!r} is empty"
    context = values.get(columns.context) if columns.context else None
    turns = context if isinstance(context, list) else [context or ""]
    if not all(isinstance(turn, str) for turn in turns):
        return f"column {columns.context!r} is no text but {type(context).__name__}"
    return None


def _turns(context: Any) -> str | None:
    """A context as one text: a list of turns is joined by blanks, as in training."""
    return " ".join(context) if isinstance(context, list) else context
