"""Iterative stratification: every label of every task in its exact share, also where rows have several labels.

Sechidis, Tsoumakas and Vlahavas, On the Stratification of Multi-label Data (ECML PKDD 2011), with groups as units and
ties decided by the hash of a unit's content. Rows decide about each other here, so new rows can move old ones; those
of `xinyi.data.splits` never do, and have each label's share only up to chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xinyi.data.splits import members_of_units, numbered, parts, units_of
from xinyi.tasks.spec import TaskSpec


def stratified_splits(
    table: pa.Table, shares: Mapping[str, float], tasks: Sequence[TaskSpec], seed: int
) -> dict[str, pa.Table]:
    """Take rows out of `table` for each split in `shares`; what is left is "train". Units as in `make_splits`.

    Raises:
        DataError: too few rows to give each split one.
    """
    units, unit_of_row = units_of(table)
    members = members_of_units(table, tasks, unit_of_row, len(units))
    sizes = np.bincount(unit_of_row, minlength=len(units)).astype(np.float64)
    order = np.argsort(numbered(seed, "stratified", units), kind="stable")
    wanted = np.array([1.0 - sum(shares.values()), *shares.values()])
    place = _assign(members, sizes, order, wanted)
    return parts(table, place, unit_of_row, shares, tasks, seed)


def _assign(
    members: NDArray[np.float64], sizes: NDArray[np.float64], order: NDArray[np.int64], wanted: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The split of each unit (0: train), the rarest label first, each unit to the split that lacks that label most.

    members: units × labels, rows of the unit with the label. wanted: share of each split.
    """
    place = np.full(len(sizes), -1, dtype=np.int64)
    lacking = wanted[:, None] * members.sum(axis=0)[None, :]
    room = wanted * sizes.sum()
    left = (members > 0).sum(axis=0).astype(np.float64)
    while (left > 0).any():
        label = int(np.where(left > 0, left, np.inf).argmin())
        for unit in order[(members[order, label] > 0) & (place[order] < 0)]:
            most = np.flatnonzero(lacking[:, label] >= lacking[:, label].max() - 1e-9)
            split = int(most[room[most].argmax()])
            place[unit] = split
            lacking[split] -= members[unit]
            room[split] -= sizes[unit]
            left -= members[unit] > 0
    for unit in order[place[order] < 0]:
        place[unit] = split = int(room.argmax())
        room[split] -= sizes[unit]
    return place
