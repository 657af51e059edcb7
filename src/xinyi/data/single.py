"""Rows to be evaluated: files without training rows beside them, for tasks that are known already."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from xinyi.data.corrections import corrected
from xinyi.data.files import make_tables, read_split
from xinyi.data.groups import number_groups, overlooked
from xinyi.data.label_columns import column_problems
from xinyi.data.load import Dataset
from xinyi.data.prepare import Preparation
from xinyi.data.settings import SourceSettings
from xinyi.data.spill import at_most
from xinyi.data.summary import summarise
from xinyi.tasks.spec import TaskSpec


def load_split(
    name: str,
    source: SourceSettings,
    tasks: Sequence[TaskSpec],
    mask: bool = True,
    simplify: bool = False,
    workers: int = 1,
    limit: int | None = None,
    seed: int = 7,
    repair: bool = True,
    corrections: Sequence[str] = (),
) -> Dataset:
    """The source's test files as one split `test`.

    Args:
        name: of the data set, for the report.
        source: its `test` files and columns are read, nothing else.
        tasks: the tasks of the model to be evaluated; those without a label column are left out.
        mask, simplify: as the model's texts were prepared. workers: processes that prepare texts.
        limit, seed: the most rows, drawn by the seed. repair: see `DataSettings`. corrections: files of labels.

    Raises:
        DataError: with every problem found.
    """
    known = [task for task in tasks if not list(column_problems([task], [source]))]
    problems = [] if known else list(column_problems(tasks, [source]))
    files, _ = read_split(source, "test", known, problems)
    preparation = Preparation(mask, repair, simplify)
    specs, tables, sources, warnings = make_tables(files, known, False, preparation, workers, problems)
    tables = corrected(tables, specs, corrections, warnings)
    splits = number_groups({"test": at_most(pa.concat_tables(tables), limit, seed)})
    warnings += overlooked(splits)
    summary = summarise(name, splits, specs, sources, [], mask, warnings)
    return Dataset(tuple(specs), splits, summary | {"simplified": simplify})
