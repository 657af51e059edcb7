"""predictions/<split>.parquet: the data table with each task's logits; every number of a report is made from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from xinyi.errors import BundleError, XinyiError, describe
from xinyi.evaluation.bootstrap import number_units
from xinyi.evaluation.storage import write_whole
from xinyi.tasks.spec import TaskSpec

SCHEMA_VERSION = 1
KEY = b"xinyi"
AGAIN = "write the predictions again"
# Metadata that says which rows are not independent: by convention, and by data.group (see `xinyi.data.groups`).
CONVERSATION, GROUP = "conversation_id", "data.group"
UNWRITABLE = "predictions cannot be written"


@dataclass(frozen=True, eq=False)
class TaskPredictions:
    """One task's gold answers and logits.

    gold: label indices (B,), -1 where the row lacks this task's label; for multi a 0/1 matrix (B, C).
    present: (B,) whether the row has this task's label. logits_BC: float32. scores: further confidence scores by name,
    each (B,), higher is surer. outside: (B,) whether the row is marked as one that no label of the task fits.
    """

    spec: TaskSpec
    gold: NDArray[np.int64]
    present: NDArray[np.bool_]
    logits_BC: NDArray[np.float32]
    scores: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    outside: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))


@dataclass(frozen=True, eq=False)
class Predictions:
    """One split's stored predictions. meta: name → one value a row (None where the row has none); contexts: the turns
    before, "" for none."""

    split: str
    ids: list[str]
    texts: list[str]
    meta: dict[str, list[str | None]]
    tasks: dict[str, TaskPredictions]
    contexts: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def units(self) -> NDArray[np.int64]:
        """Number of each row's conversation (`conversation_id`, else its group; its own where it has neither); (B,)."""
        return number_units(self.meta.get(CONVERSATION) or [None] * len(self), self.meta.get(GROUP))

    @property
    def specs(self) -> dict[str, TaskSpec]:
        """Task id → specification."""
        return {name: task.spec for name, task in self.tasks.items()}


def write_predictions(
    path: Path,
    table: pa.Table,
    logits: Mapping[str, NDArray],
    tasks: Sequence[TaskSpec],
    split: str,
    scores: Mapping[str, Mapping[str, NDArray]] | None = None,
) -> Path:
    """Store a split's predictions: written beside, then renamed.

    Args:
        table: the split's data table (B rows).
        logits: task id → (B, C) logits in the order of the task's labels.
        scores: name → task id → (B,) further confidence scores, higher is surer.

    Raises:
        BundleError: logits of another shape or not finite, or the file cannot be written.
    """
    if problems := [p for task in tasks for p in _logit_problems(task, logits.get(task.id), table.num_rows)]:
        raise BundleError(problems, title=UNWRITABLE)
    for task in tasks:
        table = table.append_column(f"logits.{task.id}", list_column(logits[task.id]))
    for name, columns in (scores or {}).items():
        for task, values in columns.items():
            table = table.append_column(f"score.{name}.{task}", pa.array(np.asarray(values, dtype=np.float64)))
    about = {"schema_version": SCHEMA_VERSION, "split": split, "tasks": [task.to_dict() for task in tasks]}
    table = table.replace_schema_metadata({KEY: json.dumps(about, ensure_ascii=False).encode()})
    return write_whole(path, lambda part: pq.write_table(table, part, compression="zstd"), UNWRITABLE)


def read_predictions(path: Path) -> Predictions:
    """Read a split's stored predictions.

    Raises:
        BundleError: the file is missing, damaged, of another schema version, or its rows contradict its tasks.
    """
    path = Path(path)
    table, about = _read_table(path)
    try:
        specs = [TaskSpec.from_dict(raw) for raw in about["tasks"]]
        split = str(about["split"])
    except (KeyError, TypeError, XinyiError) as error:
        problem = describe("split and tasks in the file's metadata", repr(error), AGAIN, str(path))
        raise BundleError([problem]) from error
    columns = ["id", "text", *(f"{part}.{spec.id}" for spec in specs for part in ("label", "logits"))]
    if missing := [name for name in columns if name not in table.column_names]:
        raise BundleError([describe(f"the columns {', '.join(missing)}", "none of them", AGAIN, str(path))])
    problems: list[str] = []
    tasks = {spec.id: _read_task(table, spec, problems) for spec in specs}
    if problems:
        raise BundleError(problems, title=f"{path} cannot be read")
    meta = {n.removeprefix("meta."): table[n].to_pylist() for n in table.column_names if n.startswith("meta.")}
    ids, texts = table["id"].to_pylist(), table["text"].to_pylist()
    contexts = table["context"].to_pylist() if "context" in table.column_names else [""] * len(ids)
    return Predictions(split, ids, texts, meta, tasks, [context or "" for context in contexts])


def _logit_problems(task: TaskSpec, logits_BC: NDArray | None, rows: int) -> list[str]:
    where, shape = f"logits of {task.id}", (rows, len(task.labels))
    if logits_BC is None:
        return [describe(f"an array of shape {shape}", "none", "predict this task too", where)]
    if np.shape(logits_BC) != shape:
        return [describe(f"an array of shape {shape}", np.shape(logits_BC), "predict every row once, in order", where)]
    if bad := int((~np.isfinite(logits_BC)).any(axis=1).sum()):
        return [describe("finite numbers", f"{bad} rows with NaN or infinity", "train again with a lower rate", where)]
    return []


def list_column(logits_BC: NDArray) -> pa.Array:
    """Logits (B, C) as a column of lists."""
    rows, width = np.shape(logits_BC)
    values = pa.array(np.asarray(logits_BC, dtype=np.float32).reshape(-1))
    return pa.ListArray.from_arrays(pa.array(np.arange(rows + 1, dtype=np.int32) * width), values)


def _read_table(path: Path) -> tuple[pa.Table, dict[str, Any]]:
    """The table and its metadata, of the right schema version."""
    if not path.is_file():
        raise BundleError([describe("a predictions file", "no such file", "run the stage before first", str(path))])
    try:
        table = pq.read_table(path)
        about = json.loads((table.schema.metadata or {})[KEY])
        version = about["schema_version"]
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        problem = describe("a predictions file", f"{type(error).__name__}", AGAIN, str(path))
        raise BundleError([problem]) from error
    if version != SCHEMA_VERSION:
        problem = describe(f"schema version {SCHEMA_VERSION}", version, f"{AGAIN} with this version", str(path))
        raise BundleError([problem])
    return table, about


def _read_task(table: pa.Table, spec: TaskSpec, problems: list[str]) -> TaskPredictions | None:
    """One task's columns; what does not fit is added to `problems`."""
    try:
        logits_BC = read_logits(table[f"logits.{spec.id}"], spec)
        column = table[f"label.{spec.id}"].combine_chunks()
        gold, present = (_multi_gold if spec.kind == "multi" else _single_gold)(column, spec)
    except (pa.ArrowException, ValueError) as error:
        problems.append(describe("labels and logits that fit the task", error, AGAIN, f"task {spec.id}"))
        return None
    return TaskPredictions(spec, gold, present, logits_BC, _scores(table, spec), _outside(table, spec))


def _scores(table: pa.Table, spec: TaskSpec) -> dict[str, NDArray[np.float64]]:
    parts = {name: name.split(".", 2) for name in table.column_names if name.startswith("score.")}
    own = {part[1]: table[name] for name, part in parts.items() if part[2] == spec.id}
    return {name: column.to_numpy(zero_copy_only=False) for name, column in own.items()}


def _outside(table: pa.Table, spec: TaskSpec) -> NDArray[np.bool_]:
    name = f"meta.outside.{spec.id}"
    if name not in table.column_names:
        return np.zeros(table.num_rows, dtype=bool)
    return table[name].is_valid().to_numpy(zero_copy_only=False).astype(bool)


def read_logits(column: pa.ChunkedArray, spec: TaskSpec) -> NDArray[np.float32]:
    """The inverse of `list_column`. Raises ValueError for logits that do not fit the task or are not finite."""
    width, array = len(spec.labels), column.combine_chunks()
    if array.null_count or not pc.all(pc.equal(pc.list_value_length(array), width), min_count=0).as_py():
        raise ValueError(f"rows without exactly {width} logits")
    logits = array.flatten().to_numpy(zero_copy_only=False).astype(np.float32).reshape(-1, width)
    if not np.isfinite(logits).all():
        raise ValueError("logits that are not finite")
    return logits


def _single_gold(column: pa.Array, spec: TaskSpec) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    present = column.is_valid().to_numpy(zero_copy_only=False).astype(bool)
    return _positions(column, spec, present), present


def _multi_gold(column: pa.Array, spec: TaskSpec) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    present = column.is_valid().to_numpy(zero_copy_only=False).astype(bool)
    values = column.flatten()
    found = _positions(values, spec, np.ones(len(values), dtype=bool))
    gold_BC = np.zeros((len(column), len(spec.labels)), dtype=np.int64)
    gold_BC[pc.list_parent_indices(column).to_numpy(), found] = 1
    return gold_BC, present


def _positions(values: pa.Array, spec: TaskSpec, present: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Each label's index, -1 for a null where that is allowed. Raises ValueError for a label the task lacks."""
    found = pc.index_in(values.cast(pa.string()), value_set=pa.array(list(spec.label_ids), pa.string()))
    indices = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    if (stray := (indices < 0) & present).any():
        names = sorted({str(values[int(i)].as_py()) for i in np.flatnonzero(stray)[:1000]})[:5]
        raise ValueError(f"labels that the task lacks: {', '.join(names)}")
    return indices
