"""Classify a file: streamed in pieces, every column and the row order kept, one bad row never stops the rest."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from xinyi import __version__
from xinyi.errors import DataError, describe
from xinyi.runtime.answering import PIECE_ROWS, answered, pieces
from xinyi.runtime.classifier import Classifier
from xinyi.runtime.columns import Columns, check_columns
from xinyi.runtime.loading import load
from xinyi.runtime.output import check_paths, open_output
from xinyi.runtime.spool import Spool, identity
from xinyi.runtime.streams import STREAM, kind
from xinyi.runtime.tables import ERROR, TYPED, Row, Table, open_input

Progress = Callable[[int, float | None], None]


@dataclass(frozen=True)
class Summary:
    """rows: all rows. errors: rows that got an error instead of an answer. resumed: rows answered by an earlier try.

    prefix: what stands before the new columns' names.
    """

    rows: int
    errors: int
    resumed: int = 0
    prefix: str = ""


@dataclass(frozen=True)
class Job:
    """One call of `predict_file`, checked."""

    classifier: Classifier
    source: Path | str
    target: Path | str
    columns: Columns
    prefix: str | None
    workers: int
    progress: Progress | None


def predict_file(
    bundle: Path | str | Classifier,
    input: Path | str,
    output: Path | str,
    text_column: str = "text",
    context_column: str | None = None,
    probabilities: bool = False,
    progress: Progress | None = None,
    prefix: str | None = None,
    format: str = "onnx",
    workers: int | None = None,
    strict: bool = True,
) -> Summary:
    """Write the input's rows with one more column a task: the label's id.

    Where a task's decoding abstains, `<task>.abstained` says which of its labels are not sure enough, as
    `Classifier.predict` does; they are written all the same.

    Args:
        bundle: a folder, or a classifier already loaded.
        input, output: .csv, .tsv, .jsonl (these also .gz, .bz2, .xz), .parquet, .xlsx, or "-" for jsonl on stdin and
            stdout. Text in UTF-8, UTF-16, GB18030 or Big5 is read, UTF-8 written. A multi task's labels are a list in
            jsonl and parquet, and elsewhere joined by |, `[]` for none. The output appears only when complete.
        probabilities: adds `<task>.probability`.
        progress: called with the rows done and the share of the input read (None where unknown).
        prefix: before the new names; None takes none, or `predicted.` where the input has such columns already.
        format: which of the bundle's formats answers, when `bundle` is a folder.
        workers: pieces in work at a time; None takes one a core.
        strict: as in `load`, when `bundle` is a folder.

    A row that cannot be read or has no usable text keeps its columns, gets no labels and says why in `error` (a column;
    in jsonl a key that only such rows have), with the cells for which there is no column. From file to file, answers
    are kept beside the output until it is complete: the same call goes on where a killed one was.

    Raises:
        DataError: file missing or cut; a header that cannot be read; no such column; input is output; the disk is full.
        BundleError: the bundle cannot be used.
    """
    check_paths(input, output)
    # One thread a batch and a piece a core: small models gain little from sharing one batch.
    classifier = bundle if isinstance(bundle, Classifier) else load(bundle, threads=1, format=format, strict=strict)
    tasks = tuple(task.id for task in classifier.tasks)
    multi = frozenset(task.id for task in classifier.tasks if task.kind == "multi")
    abstaining = frozenset(task for task in tasks if classifier.decodings[task].abstains)
    typed = kind(input)[0] in TYPED
    columns = Columns(text_column, context_column, tasks, multi, abstaining, probabilities, typed)
    job = Job(classifier, input, output, columns, prefix, workers or os.cpu_count() or 1, progress)
    return _streamed(job) if STREAM in (str(input), str(output)) else _spooled(job)


def _streamed(job: Job) -> Summary:
    """Rows go out as they are answered. Names are settled by the first piece."""
    rows = errors = 0
    with open_input(job.source) as table:
        rest = pieces(iter(table))
        first = next(rest, [])
        check_columns(table.header, first, job.columns)
        prefix = job.columns.prefix_for(_names(table, first), job.prefix)
        with open_output(job.target, table, job.columns.named(prefix)) as write:
            for piece in answered(_chain(first, rest), job.classifier, job.columns, job.workers):
                for row in piece:
                    _rename(row, prefix)
                    write(row)
                rows, errors = rows + len(piece), errors + sum(row.error is not None for row in piece)
                if job.progress:
                    job.progress(rows, table.share())
    return Summary(rows, errors, 0, prefix)


def _spooled(job: Job) -> Summary:
    """First every row is answered, then the output is put together from the input and the answers."""
    before = identity(Path(job.source))
    with Spool(Path(job.target), _key(job, before)) as spool:
        try:
            taken, resumed = _fill(job, spool)
            if identity(Path(job.source)) != before:
                raise DataError([describe("an input that stays as it is", "a changed one", "run it again", "input")])
            try:
                rows, errors, prefix = _assemble(job, spool, taken)
            except ValueError as error:
                raise DataError([describe("an answer a row", "others", "run it again", str(spool.path))]) from error
        except DataError as error:
            # Answers of an input that has to be changed are of no use; a full disk is another matter.
            if not isinstance(error.__cause__, OSError):
                spool.remove()
            raise
        except OSError as error:
            remedy = "free some and run it again: what was answered is kept"
            raise DataError([describe("room to write", error.strerror, remedy, str(spool.path))]) from error
        spool.remove()
    return Summary(rows, errors, resumed, prefix)


def _key(job: Job, source: dict[str, Any]) -> dict[str, Any]:
    """What the answers depend on."""
    columns = {name: sorted(v) if isinstance(v, frozenset) else v for name, v in asdict(job.columns).items()}
    model = [job.classifier.name, job.classifier.version, job.classifier.format, job.classifier.seal]
    return {"xinyi": __version__, "input": source, "columns": columns, "model": model}


def _fill(job: Job, spool: Spool) -> tuple[set[str], int]:
    """Answer the rows that the spool lacks; returns all names of columns or keys, and how many rows it had."""
    taken: set[str] = set()
    resumed = count = spool.done
    with open_input(job.source) as table:
        rows = _watched(iter(table), taken if table.header is None else None)
        head = _skipped(rows, spool.done)
        rest = pieces(rows)
        first = next(rest, [])
        check_columns(table.header, head or first, job.columns)
        taken.update(table.header or ())
        job.columns.prefix_for(taken, job.prefix)  # what is wrong now is said before anything slow
        for piece in answered(_chain(first, rest), job.classifier, job.columns, job.workers):
            spool.add(piece)
            count += len(piece)
            if job.progress:
                job.progress(count, table.share())
    return taken, resumed


def _skipped(rows: Iterator[Row], count: int) -> list[Row]:
    """Pass over rows that are answered already; returns the first of them."""
    head = list(islice(rows, min(count, PIECE_ROWS)))
    deque(islice(rows, count - len(head)), maxlen=0)
    return head


def _watched(rows: Iterator[Row], taken: set[str] | None) -> Iterator[Row]:
    for row in rows:
        if taken is not None:
            taken.update(row.values)
        yield row


def _assemble(job: Job, spool: Spool, taken: set[str]) -> tuple[int, int, str]:
    """Write the output; returns rows, errors and the prefix."""
    prefix = job.columns.prefix_for(taken, job.prefix)
    names = [name for name, _ in job.columns.plain if name != ERROR]
    rows = errors = 0
    with open_input(job.source) as table, open_output(job.target, table, job.columns.named(prefix)) as write:
        for row, (error, values) in zip(table, spool.answers(), strict=True):
            row.error, row.added = error, dict(zip(names, values, strict=False))
            _rename(row, prefix)
            write(row)
            rows, errors = rows + 1, errors + (error is not None)
    return rows, errors, prefix


def _rename(row: Row, prefix: str) -> None:
    """The new values under their final names; the error joins them."""
    found = {prefix + name: value for name, value in row.added.items()}
    row.added = {**found, **({prefix + ERROR: row.error} if row.error is not None else {})}


def _names(table: Table, piece: list[Row]) -> set[str]:
    return set(table.header) if table.header is not None else {name for row in piece for name in row.values}


def _chain(first: list[Row], rest: Iterator[list[Row]]) -> Iterator[list[Row]]:
    if first:
        yield first
    yield from rest
