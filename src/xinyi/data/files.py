"""All files of a data set: found, read, and made into tables of one layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from xinyi.data.blanks import blank_notes
from xinyi.data.fingerprint import file_sha256
from xinyi.data.label_columns import wanted_columns
from xinyi.data.labels import read_labels
from xinyi.data.mapping import drop_rows
from xinyi.data.prepare import Preparation
from xinyi.data.raw import RawFile, read_file
from xinyi.data.read import find_files
from xinyi.data.settings import SourceSettings
from xinyi.data.table import OUTSIDE, TableMaker, table_schema
from xinyi.errors import DataError
from xinyi.tasks.spec import TaskSpec


def read_split(
    source: SourceSettings, split: str, tasks: Sequence[TaskSpec], problems: list[str]
) -> tuple[list[RawFile], bool]:
    """The files of a source's split that can be read, and whether all can. Adds what is wrong to `problems`."""
    files: list[RawFile] = []
    complete = True
    for name in source.files(split):
        try:
            for path in find_files(name, source.root, split):
                files.append(read_file(path, split, source, wanted_columns(tasks, source)))
        except DataError as error:
            problems += error.problems
            complete = False
    return files, complete


def make_tables(
    files: Sequence[RawFile],
    tasks: Sequence[TaskSpec],
    complete: bool,
    preparation: Preparation,
    workers: int,
    problems: list[str],
) -> tuple[list[TaskSpec], list[pa.Table], list[dict[str, Any]], list[str]]:
    """The tasks, each file's table, each file's entry in data.json, and findings.

    Args:
        complete: whether all training files could be read.
        problems: what was found before; texts are prepared only when there is none.

    Raises:
        DataError: with every problem.
    """
    warnings: list[str] = []
    _tell_apart(files)
    dropped = drop_rows(files, warnings)
    specs, labels = read_labels(files, tasks, problems, warnings, complete)
    if problems:
        raise DataError(problems)
    warnings += blank_notes(specs, files, labels, dropped)
    meta = list(dict.fromkeys(name for file in files for name in meta_columns(file.source)))
    maker = TableMaker(table_schema(specs, meta), preparation, workers)
    tables = [maker.table(*parts) for parts in zip(files, labels, dropped, strict=True)]
    if maker.problems:
        raise DataError(maker.problems)
    entries = [_entry(*parts) for parts in zip(files, tables, dropped, maker.damage, strict=True)]
    return specs, tables, entries, [*warnings, *maker.warnings]


def _tell_apart(files: Sequence[RawFile]) -> None:
    """Names are relative to a source's own folder; where two files share one, the folder's own name is added."""
    counts = Counter(file.name for file in files)
    for file in files:
        if counts[file.name] > 1 and isinstance(file.path, Path):
            file.name = f"{file.path.resolve().parent.name}/{file.name}"


def meta_columns(source: SourceSettings) -> list[str]:
    """Columns kept beside the predictions: those named, marks of rows outside a task's labels, and constants that are
    nothing else."""
    used = {source.text, source.context, source.group, *source.labels.values()}
    marks = [f"{OUTSIDE}{task}" for task in source.outside if task in source.labels]
    return [*source.meta, *marks, *(name for name in source.constants if name not in {*source.meta, *used})]


def _entry(file: RawFile, table: pa.Table, dropped: frozenset[int], damage: Mapping[str, Any]) -> dict[str, Any]:
    """rows = the table's rows + dropped + empty."""
    digest = file_sha256(file.path) if isinstance(file.path, Path) else file.facts.sha256
    entry = {"file": file.name, "sha256": digest, "rows": len(file), "used": len(table), "dropped": len(dropped)}
    entry["empty"] = len(file) - len(table) - len(dropped)
    if file.facts.encoding:
        entry["encoding"] = file.facts.encoding
    return {**entry, **({"damage": dict(damage)} if damage else {})}
