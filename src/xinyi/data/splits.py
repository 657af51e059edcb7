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
    keys = pc.coalesce(table[GROUP], table["id"]).combine_chunks().dictionary_encode()
    units = keys.dictionary.to_pylist()
    unit_of_row = keys.indices.to_numpy(zero_copy_only=False)
    place = np.zeros(len(units), dtype=np.int64)  # 0: train, i + 1: the i-th name of `shares`
    numbers = [np.array([_number(seed, name, unit) for unit in units]) for name in shares]
    left = 1.0
    for i, share in enumerate(shares.values()):
        # A share of all rows, taken from those that are still left.
        place[(place == 0) & (numbers[i] < share / left)] = i + 1
        left -= share
    strata = _strata(table, tasks, unit_of_row)
    highest = np.max(numbers, axis=0)
    _restore_labels(place, strata, highest)
    for i, name in enumerate(shares):
        _fill_empty(place, i + 1, numbers[i], strata, name)
    rows = place[unit_of_row]
    return {name: table.filter(pa.array(rows == i)) for i, name in enumerate(["train", *shares])}


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


def _fill_empty(place: NDArray, index: int, numbers: NDArray, strata: Sequence[NDArray], name: str) -> None:
    """Give a split without rows the training unit with the lowest number that no label depends on."""
    if (place == index).any():
        return
    needed = {int(inside[0]) for units in strata if len(inside := units[place[units] == 0]) == 1}
    free = [unit for unit in np.flatnonzero(place == 0) if int(unit) not in needed]
    if not free or (place == 0).sum() < 2:
        remedy = f"add rows, or name a file: data.{name}=FILE"
        raise DataError([describe(f"enough rows to make a {name} split", f"{len(place)}", remedy, f"data.{name}")])
    place[min(free, key=lambda unit: numbers[unit])] = index
