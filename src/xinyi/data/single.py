"""Rows to be evaluated: files without training rows beside them, for tasks that are known already."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from xinyi.data.fingerprint import file_sha256
from xinyi.data.labels import column_problems, read_labels, wanted_columns
from xinyi.data.load import Dataset
from xinyi.data.raw import RawFile, read_file
from xinyi.data.read import find_files
from xinyi.data.settings import SourceSettings
from xinyi.data.summary import summarise
from xinyi.data.table import GROUP, table_schema, to_table
from xinyi.errors import DataError
from xinyi.tasks.spec import TaskSpec


def load_split(name: str, source: SourceSettings, tasks: Sequence[TaskSpec], mask: bool = True) -> Dataset:
    """The source's test files as one split `test`.

    Args:
        name: of the data set, for the report.
        source: its `test` files and columns are read, nothing else.
        tasks: the tasks of the model to be evaluated; those without a label column are left out.

    Raises:
        DataError: with every problem found.
    """
    known = [task for task in tasks if not list(column_problems([task], [source]))]
    problems = [] if known else list(column_problems(tasks, [source]))
    files: list[RawFile] = []
    for path in (path for given in source.test for path in find_files(given, source.root)):
        try:
            files.append(read_file(path, "test", source, wanted_columns(known, source)))
        except DataError as error:
            problems += error.problems
    specs, labels = read_labels(files, known, problems, complete=False)
    if problems:
        raise DataError(problems)
    warnings: list[str] = []
    schema = table_schema(specs, list(source.meta))
    tables = [to_table(f, c, schema, mask, problems, warnings) for f, c in zip(files, labels, strict=True)]
    if problems:
        raise DataError(problems)
    splits = {"test": pa.concat_tables(tables).combine_chunks().drop_columns(GROUP)}
    sources = [{"file": f.name, "sha256": file_sha256(f.path), "rows": len(f)} for f in files]
    return Dataset(tuple(specs), splits, summarise(name, splits, specs, sources, [], mask, warnings))
