"""From the data table to token ids and targets: numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from xinyi.data.store import TokenStore, encode_chunks, joined
from xinyi.encoding import Encoded, TextEncoder
from xinyi.errors import DataError, describe
from xinyi.tasks.spec import TaskSpec

# Column of a data table that says how much each row counts.
WEIGHT = "weight"


@dataclass(frozen=True)
class EncodedSplit:
    """A split ready for training: token ids, and for each task its targets in row order.

    targets: single and ordinal int64 (N,), -1 where the label is missing; multi float32 (N, C) of 0 and 1, a whole
    row of -1 where the label is missing.
    teacher: task → a teacher's logits, float32 (N, C).
    weights: how much each row counts, float32 (N,): 1, or one other value; None where all count alike.
    """

    encoded: Encoded
    targets: dict[str, NDArray]
    teacher: dict[str, NDArray] = field(default_factory=dict)
    weights: NDArray | None = None

    def __len__(self) -> int:
        return len(self.encoded)

    def spread(self, most: int) -> EncodedSplit:
        """At most `most` rows, evenly over the split."""
        if len(self) <= most:
            return self
        rows, e = np.linspace(0, len(self) - 1, most).round().astype(int), self.encoded
        pieces = [slice(e.offsets[row], e.offsets[row + 1]) for row in rows]
        ids, types = (np.concatenate([values[piece] for piece in pieces]) for values in (e.ids, e.types))
        offsets = np.concatenate([[0], np.cumsum(e.lengths[rows])])
        encoded = Encoded(ids, types, offsets, e.cut[rows], e.unknown[rows])
        return EncodedSplit(encoded, {task: values[rows] for task, values in self.targets.items()})


def encode_split(
    table: pa.Table, encoder: TextEncoder, tasks: Sequence[TaskSpec], store: TokenStore | None = None
) -> EncodedSplit:
    """Encode the texts (with their contexts) of a data table and turn its labels into targets.

    store: where token ids are kept (None: in memory).

    Raises:
        DataError: a task has no label column, or a label that the task does not know.
    """
    encoded = store.encoded(table, encoder) if store else joined(list(encode_chunks(table, encoder)))
    weights = table[WEIGHT].to_numpy().astype(np.float32) if WEIGHT in table.column_names else None
    return EncodedSplit(encoded, targets(table, tasks), weights=weights)


def targets(table: pa.Table, tasks: Sequence[TaskSpec]) -> dict[str, NDArray]:
    """Targets of each task; shapes and missing values as in `EncodedSplit`."""
    found: list[str] = []
    result = {}
    for task in tasks:
        name = f"label.{task.id}"
        if name not in table.column_names:
            remedy = "load the data with this task"
            found.append(describe(f"a column {name!r}", [c for c in table.column_names if c[:6] == "label."], remedy))
            continue
        column = table[name].combine_chunks()
        result[task.id] = _multi(column, task, found) if task.kind == "multi" else _single(column, task, found)
    if found:
        raise DataError(found)
    return result


def _indices(labels: pa.Array, task: TaskSpec, found: list[str]) -> NDArray[np.int64]:
    """Index of each label, -1 for null; adds a problem for labels that the task does not know."""
    places = pc.index_in(labels, value_set=pa.array(task.label_ids, pa.string()))
    strays = pc.and_(pc.is_null(places), pc.is_valid(labels))
    if pc.any(strays).as_py():
        unknown = sorted(set(labels.filter(strays).to_pylist()))[:5]
        found.append(describe(f"labels among {', '.join(task.label_ids)}", unknown, "load the data again", task.id))
    return pc.fill_null(places, -1).to_numpy(zero_copy_only=False).astype(np.int64)


def _single(column: pa.Array, task: TaskSpec, found: list[str]) -> NDArray[np.int64]:
    return _indices(column.cast(pa.string()), task, found)


def _multi(column: pa.Array, task: TaskSpec, found: list[str]) -> NDArray[np.float32]:
    wanted = np.zeros((len(column), len(task.labels)), dtype=np.float32)
    rows = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
    places = _indices(pc.list_flatten(column).cast(pa.string()), task, found)
    known = places >= 0
    wanted[rows[known], places[known]] = 1.0
    wanted[pc.is_null(column).to_numpy(zero_copy_only=False)] = -1.0
    return wanted
