"""Splits for data that come without them: decided by each row's content, so that new rows move no old ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from xinyi.data.table import GROUP
from xinyi.errors import DataError, describe
from xinyi.tasks.spec import TaskSpec

_RANGE = float(2**256)


def make_splits(
    table: pa.Table, shares: Mapping[str, float], tasks: Sequence[TaskSpec], seed: int
) -> dict[str, pa.Table]:
    """Take rows out of `table` for each split in `shares`; what is left is "train".

    A unit is a group's rows (column `group`), else the rows of one id, so exact duplicates stay together. It goes to a
    split when SHA-256(seed, split, unit) / 2^256 is below the share: each label is split in its own proportion, up to
    chance, and the decision never depends on other rows. Two repairs, the only exceptions: a label that training would
    lack gets its unit with the highest number back; a split without rows gets the unit with the lowest number.

    Raises:
        DataError: too few rows to give each split one.
    """
    units, unit_of_row = units_of(table)
    place = np.zeros(len(units), dtype=np.int64)  # 0: train, i + 1: the i-th name of `shares`
    numbers = [numbered(seed, name, units) for name in shares]
    left = 1.0
    for i, share in enumerate(shares.values()):
        # A share of all rows, taken from those that are still left.
        place[(place == 0) & (numbers[i] < share / left)] = i + 1
        left -= share
    return parts(table, place, unit_of_row, shares, tasks, seed)


def parts(
    table: pa.Table,
    place: NDArray[np.int64],
    unit_of_row: NDArray[np.int64],
    shares: Mapping[str, float],
    tasks: Sequence[TaskSpec],
    seed: int | None,
) -> dict[str, pa.Table]:
    """The rows of each split, after the two repairs.

    Args:
        place: each unit's split, 0 for "train", i + 1 for the i-th of `shares`. seed: of the numbers that say which
            unit a repair takes; None repairs nothing, and then an empty split is an error.
    """
    if seed is not None:
        units = units_of(table)[0]
        numbers = [numbered(seed, name, units) for name in shares]
        strata = _strata(table, tasks, unit_of_row)
        _restore_labels(place, strata, np.max(numbers, axis=0))
        for i, name in enumerate(shares):
            _fill_empty(place, i + 1, numbers[i], strata, name, "groups" if _grouped(table) else "rows")
    for i, name in enumerate(["train", *shares]):
        if not (place == i).any():
            remedy = f"add rows, or name a file: data.{name}=FILE"
            raise DataError([describe(f"rows for the {name} split", "none", remedy, f"data.{name}")])
    rows = place[unit_of_row]
    return {name: table.filter(pa.array(rows == i)) for i, name in enumerate(["train", *shares])}


def units_of(table: pa.Table) -> tuple[list[str], NDArray[np.int64]]:
    """What stays together (a group, else the rows of one id), and the unit of each row."""
    keys = pc.coalesce(table[GROUP], table["id"]).combine_chunks().dictionary_encode()
    return keys.dictionary.to_pylist(), keys.indices.to_numpy(zero_copy_only=False)


def numbered(seed: int, name: str, units: Sequence[str]) -> NDArray[np.float64]:
    """A number in [0, 1) for each unit that only this unit decides."""
    return np.array([_number(seed, name, unit) for unit in units])


def members_of_units(
    table: pa.Table, tasks: Sequence[TaskSpec], unit_of_row: NDArray[np.int64], units: int
) -> NDArray[np.float64]:
    """How many rows of each unit have each label, units × labels of all tasks."""
    columns = []
    for task in tasks:
        column = table[f"label.{task.id}"].combine_chunks()
        multi = task.kind == "multi"
        rows = pc.list_parent_indices(column).to_numpy(zero_copy_only=False) if multi else np.arange(len(column))
        labels = pc.list_flatten(column) if multi else column
        places = pc.index_in(labels, value_set=pa.array(task.label_ids)).fill_null(-1).to_numpy(zero_copy_only=False)
        counts = np.zeros((units, len(task.labels)))
        np.add.at(counts, (unit_of_row[rows[places >= 0]], places[places >= 0]), 1)
        columns.append(counts)
    return np.concatenate(columns, axis=1) if columns else np.zeros((units, 0))


def shared_groups(splits: Mapping[str, pa.Table]) -> Iterator[str]:
    """Warnings about groups with rows in several splits: a customer's own words help to answer for them."""
    for first, second in combinations(splits, 2):
        groups = splits[second][GROUP].drop_null()
        inside = pc.is_in(groups, value_set=splits[first][GROUP].drop_null().combine_chunks())
        if count := int(pc.sum(inside).as_py() or 0):
            yield f"{count} {second} row(s) belong to a group (data.group) that {first} has too"


def _number(seed: int, name: str, unit: str) -> float:
    """A number in [0, 1) that only this unit decides."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}:{unit}".encode()).digest(), "big") / _RANGE


def _strata(table: pa.Table, tasks: Sequence[TaskSpec], unit_of_row: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The units that have each label of each task; for multi tasks each label counts by itself."""
    strata: list[NDArray[np.int64]] = []
    for task in tasks:
        column = table[f"label.{task.id}"].combine_chunks()
        if task.kind == "multi":
            rows, labels = pc.list_parent_indices(column), pc.list_flatten(column)
        else:
            rows, labels = pa.array(np.arange(len(column))), column
        units = unit_of_row[rows.to_numpy(zero_copy_only=False)]
        places = pc.index_in(labels, value_set=pa.array(task.label_ids)).fill_null(-1).to_numpy(zero_copy_only=False)
        order = np.argsort(places, kind="stable")
        edges = np.searchsorted(places[order], np.arange(len(task.labels) + 1))
        strata += [np.unique(units[order[a:b]]) for a, b in pairwise(edges) if b > a]
    return strata


def _restore_labels(place: NDArray[np.int64], strata: Sequence[NDArray], highest: NDArray[np.float64]) -> None:
    for units in strata:
        if not (place[units] == 0).any():
            place[units[np.argmax(highest[units])]] = 0


def _grouped(table: pa.Table) -> bool:
    return table[GROUP].null_count < len(table)


def _fill_empty(place: NDArray, index: int, numbers: NDArray, strata: Sequence[NDArray], name: str, units: str) -> None:
    """Give a split without rows the training unit with the lowest number that no label depends on."""
    if (place == index).any():
        return
    needed = {int(inside[0]) for units in strata if len(inside := units[place[units] == 0]) == 1}
    free = [unit for unit in np.flatnonzero(place == 0) if int(unit) not in needed]
    if not free or (place == 0).sum() < 2:
        more = "add rows" if units == "rows" else "choose a data.group with more values"
        expected, remedy = f"enough {units} to make a {name} split", f"{more}, or name a file: data.{name}=FILE"
        raise DataError([describe(expected, f"{len(place)}", remedy, f"data.{name}")])
    place[min(free, key=lambda unit: numbers[unit])] = index
