"""data.json: what went in, in numbers. Never a text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from xinyi.data.fingerprint import data_fingerprint, split_fingerprint
from xinyi.data.wording import known_text
from xinyi.tasks.spec import TaskSpec
from xinyi.text import MASKER_VERSION, NORMALIZER_VERSION, PLACEHOLDERS

SCHEMA_VERSION = 1


def summarise(
    name: str,
    splits: Mapping[str, pa.Table],
    tasks: Sequence[TaskSpec],
    sources: Sequence[Mapping[str, Any]],
    made: Sequence[str],
    masked: bool,
    warnings: Sequence[str],
) -> dict[str, Any]:
    """The content of data.json.

    Args:
        sources: {"file", "sha256", "rows"} of each file. made: names of the splits that were made.
        warnings: problems found while reading; those of the finished splits are added.
    """
    parts = {split: _split(table, tasks) for split, table in splits.items()}
    problems = [] if masked else ["mask=false: personal data was neither looked for nor replaced"]
    problems += [*_duplicates(splits), *_contradictions(splits, tasks), *_gaps(parts, splits)]
    return {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "sources": list(sources),
        "tasks": {task.id: {"kind": task.kind, "labels": len(task.labels)} for task in tasks},
        "fingerprint": data_fingerprint({split: part["fingerprint"] for split, part in parts.items()}),
        "splits": parts,
        "split_made": list(made),
        "personal_data": _personal_data(splits.values()),
        "problems": [*warnings, *problems],
        "normaliser": NORMALIZER_VERSION,
        "masker": MASKER_VERSION,
    }


def _split(table: pa.Table, tasks: Sequence[TaskSpec]) -> dict[str, Any]:
    return {
        "rows": len(table),
        "fingerprint": split_fingerprint(table),
        "labels": {task.id: _label_counts(table, task) for task in tasks},
        "missing": {task.id: table[f"label.{task.id}"].null_count for task in tasks},
        "characters": _characters(table["text"]),
    }


def _label_counts(table: pa.Table, task: TaskSpec) -> dict[str, int]:
    column = table[f"label.{task.id}"]
    flat = pc.list_flatten(column) if task.kind == "multi" else column
    counts = {entry["values"]: entry["counts"] for entry in pc.value_counts(flat).to_pylist()}
    return {label: int(counts.get(label, 0)) for label in task.label_ids}


def _characters(texts: pa.ChunkedArray) -> dict[str, int]:
    lengths = pc.utf8_length(texts).to_numpy()
    if len(lengths) == 0:
        return dict.fromkeys(("p50", "p90", "p99", "max"), 0)
    shares = np.percentile(lengths, [50, 90, 99, 100], method="nearest")
    return dict(zip(("p50", "p90", "p99", "max"), map(int, shares), strict=True))


def _personal_data(tables: Any) -> dict[str, int]:
    """Placeholders of each kind in texts and contexts."""
    counts: Counter[str] = Counter()
    for table in tables:
        for name in ("text", "context"):
            for kind, placeholder in PLACEHOLDERS.items():
                counts[kind] += int(pc.sum(pc.count_substring(table[name], placeholder)).as_py() or 0)
    return {kind: counts[kind] for kind in PLACEHOLDERS}


def _duplicates(splits: Mapping[str, pa.Table]) -> Iterator[str]:
    """Rows whose text and context also stand in an earlier split: they make a score look better than it is."""
    for first, second in combinations(splits, 2):
        inside = pc.is_in(splits[second]["id"], value_set=splits[first]["id"].combine_chunks())
        if count := int(pc.sum(inside).as_py() or 0):
            share = count / len(splits[second])
            yield f"{count} of {len(splits[second])} {second} rows ({share:.1%}) repeat a text of {first} exactly"


def _contradictions(splits: Mapping[str, pa.Table], tasks: Sequence[TaskSpec]) -> Iterator[str]:
    """Texts that occur several times and not always with the same label."""
    tables = list(splits.values())
    ids = _codes([table["id"] for table in tables])
    for task in tasks:
        answers = _codes([_answers(table[f"label.{task.id}"]) for table in tables])
        # Each text with each of its answers once; blank cells have the code -1.
        size = answers.max(initial=0) + 1
        pairs = np.unique((ids * size + answers)[answers >= 0])
        if count := int((np.unique_counts(pairs // size).counts > 1).sum()):
            yield f"{task.id}: {count} text(s) occur several times with different labels"


def _codes(columns: Sequence[pa.ChunkedArray]) -> NDArray[np.int64]:
    """A number for each different value of the columns, one after the other; -1 for null."""
    whole = pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string()).combine_chunks()
    return whole.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


def _answers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Labels as one text a row, those of a multi task in order."""
    if not pa.types.is_list(column.type):
        return column
    rows = [[None if row is None else json.dumps(sorted(row)) for row in chunk.to_pylist()] for chunk in column.chunks]
    return pa.chunked_array([pa.array(chunk, pa.string()) for chunk in rows], pa.string())


def _gaps(parts: Mapping[str, Mapping[str, Any]], splits: Mapping[str, pa.Table]) -> Iterator[str]:
    """Labels that a split does not have, and rows that no task can use."""
    for split, part in parts.items():
        for task, counts in part["labels"].items():
            if absent := [label for label, count in counts.items() if count == 0]:
                effect = "it cannot be learnt" if split == "train" else "it is not measured there"
                yield f"{task}: {len(absent)} label(s) without a {split} row ({effect}): {known_text(absent)}"
        columns = [name for name in splits[split].column_names if name.startswith("label.")]
        nulls = np.all([splits[split][name].is_null().to_numpy() for name in columns], axis=0)
        if count := int(np.sum(nulls)):
            yield f"{split}: {count} row(s) have no label of any task"
