"""Splits by time: trained on the past, tested on what came later, as a model in use will be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xinyi.data.splits import parts, units_of
from xinyi.data.times import read_time, read_times
from xinyi.errors import DataError, describe
from xinyi.tasks.spec import TaskSpec

# Of the rows, so many may lack a time; they go to training.
MOST_UNKNOWN = 0.05


def time_splits(
    table: pa.Table, shares: Mapping[str, float], tasks: Sequence[TaskSpec], column: str, cuts: Mapping[str, str]
) -> tuple[dict[str, pa.Table], dict[str, str]]:
    """The newest rows for "test", those before them for "validation", the rest is "train".

    A group (column `group`) goes where its newest row goes, so no training row is newer than a test row's group. Rows
    with the time of a cut belong to the later split, so rows of one moment stay together.

    Args:
        column: of `table`, with times. cuts: split → its first moment; for splits without one it is chosen so that they
            get their share of the rows. Given cuts stay where they are when newer rows are added.

    Returns: the splits, and each split's first moment.

    Raises:
        DataError: more than 5 % of the rows without a time, cuts in the wrong order, too few rows.
    """
    times = np.array([np.nan if time is None else time for time in read_times(table[column])], dtype=np.float64)
    _check(times, column)
    units, unit_of_row = units_of(table)
    newest = np.full(len(units), -np.inf)
    np.fmax.at(newest, unit_of_row, np.where(np.isnan(times), -np.inf, times))
    moments = _moments(np.sort(newest[unit_of_row]), shares, cuts)
    place = np.zeros(len(units), dtype=np.int64)
    # From the earliest cut to the latest: a later one wins.
    for name in sorted(moments, key=moments.__getitem__):
        place[newest >= moments[name]] = list(shares).index(name) + 1
    return parts(table, place, unit_of_row, shares, tasks, None), {n: _iso(moment) for n, moment in moments.items()}


def _check(times: NDArray[np.float64], column: str) -> None:
    unknown = int(np.isnan(times).sum())
    if unknown > MOST_UNKNOWN * len(times):
        name = column.removeprefix("meta.")
        remedy = f"fill column {name!r} with times such as 2026-08-01T12:30, or set data.split=hash"
        raise DataError(
            [describe("a time in nearly every row", f"none in {unknown} of {len(times)}", remedy, "data.time")]
        )


def _moments(times: NDArray[np.float64], shares: Mapping[str, float], cuts: Mapping[str, str]) -> dict[str, float]:
    """The first moment of each split, the test split's the latest."""
    found: dict[str, float] = {}
    later = 0.0
    for name in (name for name in ("test", "validation") if name in shares):
        later += shares[name]
        found[name] = read_time(cuts[name]) if name in cuts else float(times[int((1.0 - later) * len(times))])
        if found[name] is None:
            remedy = f"write it as 2026-08-01 or 2026-08-01T12:30 (data.{name}_from)"
            raise DataError([describe("a time", repr(cuts[name]), remedy, f"data.{name}_from")])
    if len(found) == 2 and found["validation"] >= found["test"]:
        got = f"validation from {_iso(found['validation'])}, test from {_iso(found['test'])}"
        raise DataError([describe("validation rows older than test rows", got, "correct the cuts", "data.test_from")])
    return found


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(timespec="seconds")
