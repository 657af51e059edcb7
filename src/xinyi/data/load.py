"""The data room's door: files in, checked and split tables out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from xinyi.data.corrections import corrected
from xinyi.data.files import make_tables, read_split
from xinyi.data.groups import number_groups, overlooked
from xinyi.data.label_columns import column_problems
from xinyi.data.raw import RawFile
from xinyi.data.settings import SPLITS, DataSettings, SourceSettings
from xinyi.data.spill import at_most, take
from xinyi.data.splits import make_splits, shared_groups
from xinyi.data.stratified import stratified_splits
from xinyi.data.summary import summarise
from xinyi.data.table import GROUP, META
from xinyi.data.time_split import time_splits
from xinyi.errors import describe
from xinyi.tasks.spec import TaskSpec

_PLACE = "place"  # working column: a row's number in the table that splits are made of


@dataclass(frozen=True)
class Dataset:
    """Checked data. splits: train, validation, test in this order, without those that nobody gave or made.

    tasks: the declared ones, or those read off the training rows. summary: the content of data.json.
    """

    tasks: tuple[TaskSpec, ...]
    splits: dict[str, pa.Table]
    summary: dict[str, Any]


def load(settings: DataSettings, tasks: Sequence[TaskSpec]) -> Dataset:
    """Read, check, prepare and split the data of a run.

    Args:
        settings: which files and columns.
        tasks: the declared tasks; when there are none, each column under `labels` becomes a task.

    Raises:
        DataError: with every problem found; texts are prepared only when the rest is in order.
    """
    problems = [*_settings_problems(settings), *column_problems(tasks, settings.sources)]
    files, complete = _read(settings, tasks, problems)
    specs, tables, sources, warnings = make_tables(
        files, tasks, complete, settings.preparation, settings.workers, problems
    )
    tables = corrected(tables, specs, settings.corrections, warnings)
    cuts: dict[str, str] = {}
    splits, made = _splits(settings, files, tables, specs, cuts)
    warnings += shared_groups(splits)
    splits = {name: _limited(table, name, settings) for name, table in splits.items()}
    splits = number_groups(splits)
    warnings += overlooked(splits)
    summary = summarise(settings.name, splits, specs, sources, made, settings.mask, warnings)
    summary |= {"simplified": settings.simplify, "card": dict(settings.card)}
    summary |= {"split_by": settings.split, **({"split_from": cuts} if cuts else {})}
    return Dataset(tuple(specs), splits, summary)


def _settings_problems(settings: DataSettings) -> Iterator[str]:
    shares = (settings.validation_share, settings.test_share)
    if min(shares) < 0 or sum(shares) >= 1:
        remedy = "lower data.validation_share or data.test_share"
        yield describe("shares from 0 that leave rows for training", shares, remedy, "data")
    if not settings.sources:
        yield describe("at least one source", "none", "set data.train=FILE", "data")
    for source in settings.sources:
        if not source.train:
            yield describe("training file(s)", "none", "set data.train=FILE", "data.train")


def _read(settings: DataSettings, tasks: Sequence[TaskSpec], problems: list[str]) -> tuple[list[RawFile], bool]:
    """All files that can be read, and whether all training files are among them."""
    files: list[RawFile] = []
    complete = True
    for source in settings.sources:
        for split in SPLITS:
            found, whole = read_split(source, split, tasks, problems)
            files += found
            complete = complete and (split != "train" or (whole and bool(source.train)))
    return files, complete


def _splits(
    settings: DataSettings,
    files: Sequence[RawFile],
    tables: Sequence[pa.Table],
    specs: Sequence[TaskSpec],
    cuts: dict[str, str],
) -> tuple[dict[str, pa.Table], list[str]]:
    """Each split's rows from all sources, and names of the splits that were made; `cuts` gets their first moments."""
    parts: dict[str, list[pa.Table]] = {name: [] for name in SPLITS}
    made: dict[str, None] = {}
    for source in settings.sources:
        own = [(f.split, table) for f, table in zip(files, tables, strict=True) if f.source is source]
        given = {name: [table for split, table in own if split == name] for name in SPLITS}
        shares = _missing_shares(settings, source)
        train = pa.concat_tables(given["train"])
        created = _made(train, shares, specs, settings, cuts) if shares else {"train": train}
        made.update(dict.fromkeys(shares))
        for name in SPLITS:
            parts[name] += [created[name]] if name in created else given[name]
    joined = {name: pa.concat_tables(tables) for name, tables in parts.items() if tables}
    return joined, [name for name in SPLITS if name in made]


def _made(
    train: pa.Table,
    shares: dict[str, float],
    specs: Sequence[TaskSpec],
    settings: DataSettings,
    cuts: dict[str, str],
) -> dict[str, pa.Table]:
    """Splits of a source's training rows. They are decided without the texts, which stay on disk."""
    labels = [name for name in train.column_names if name.startswith("label.")]
    column = [f"{META}{settings.time}"] if settings.split == "time" else []
    slim = train.select(["id", GROUP, *labels, *column]).append_column(_PLACE, pa.array(np.arange(len(train))))
    if column:
        made, found = time_splits(slim, shares, specs, column[0], settings.cuts)
        cuts |= found
    else:
        maker = stratified_splits if settings.split == "stratified" else make_splits
        made = maker(slim, shares, specs, settings.seed)
    return {name: take(train, table[_PLACE].to_numpy()) for name, table in made.items()}


def _missing_shares(settings: DataSettings, source: SourceSettings) -> dict[str, float]:
    """Splits to be made, the test split first: it must not change when only validation files appear."""
    shares = {"test": settings.test_share, "validation": settings.validation_share}
    return {name: share for name, share in shares.items() if share > 0 and not source.files(name)}


def _limited(table: pa.Table, split: str, settings: DataSettings) -> pa.Table:
    limits = [settings.limit, settings.train_limit if split == "train" else None]
    return at_most(table, min((limit for limit in limits if limit is not None), default=None), settings.seed)
