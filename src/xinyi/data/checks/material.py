"""What checks look at: the finished splits, with the columns that several checks need made once."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from xinyi.data.near import alike_in, earlier_alike
from xinyi.data.tokens import targets
from xinyi.tasks.spec import TaskSpec

MOST_EXAMPLES, MOST_READ = 5, 100_000
_MOST_LOOKED_AT = 100


@dataclass(frozen=True)
class Material:
    """A data set for its checks.

    splits: data tables by name, training first. masked: whether texts were masked. sources: the summary's list of
    files, with their damage. near: split → for each row a training row that is nearly the same, or -1.
    """

    splits: Mapping[str, pa.Table]
    tasks: Sequence[TaskSpec]
    masked: bool = True
    sources: Sequence[Mapping[str, Any]] = ()
    seed: int = 7
    near: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    samples: dict[str, tuple[NDArray[np.int64], list[str]]] = field(default_factory=dict)  # texts that were read
    judged: dict[str, Any] = field(default_factory=dict)  # what `linear.judge` has worked out, by task

    @classmethod
    def of(cls, splits: Mapping[str, pa.Table], tasks: Sequence[TaskSpec], **others: Any) -> Material:
        """With the near-duplicates looked up."""
        return cls(splits, tasks, near=near_training(splits), **others)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Each split with each later one."""
        return combinations(self.splits, 2)

    def texts(self, split: str) -> pa.ChunkedArray:
        """A split's texts."""
        return self.splits[split]["text"]

    def sample(self, split: str) -> tuple[NDArray[np.int64], list[str]]:
        """Rows of a split with their texts; of more than `MOST_READ` rows as many, drawn by the seed, in order.

        Checks that read every text would take longer than training on millions of them, and say the same.
        """
        if split not in self.samples:
            count = len(self.splits[split])
            rows = np.arange(count)
            if count > MOST_READ:
                rows = np.sort(np.random.Generator(np.random.PCG64(self.seed)).permutation(count)[:MOST_READ])
            self.samples[split] = rows, self.texts(split).take(pa.array(rows)).to_pylist()
        return self.samples[split]

    def examples(self, split: str, rows: Sequence[int]) -> list[str]:
        """The first few different texts of these rows."""
        column = self.texts(split)
        found: dict[str, None] = {}
        for row in rows[:_MOST_LOOKED_AT]:
            found.setdefault(column[int(row)].as_py())
            if len(found) == MOST_EXAMPLES:
                break
        return list(found)

    @functools.cached_property
    def labels(self) -> dict[str, dict[str, NDArray]]:
        """split → task → targets, as in `EncodedSplit`."""
        return {split: targets(table, self.tasks) for split, table in self.splits.items()}

    @functools.cached_property
    def lengths(self) -> dict[str, NDArray[np.int64]]:
        """split → characters of each text."""
        return {split: pc.utf8_length(self.texts(split)).to_numpy().astype(np.int64) for split in self.splits}

    @functools.cached_property
    def repeats(self) -> NDArray[np.int64]:
        """For each training row an earlier one with nearly the same text, or -1."""
        return earlier_alike(self.texts("train"))

    def members(self, split: str, task: TaskSpec) -> NDArray[np.bool_]:
        """Which rows have which label, rows × labels; rows without any label of the task have none."""
        found = self.labels[split][task.id]
        if found.ndim == 2:
            return found > 0
        return found[:, None] == np.arange(len(task.labels))[None, :]

    def known(self, split: str, task: TaskSpec) -> NDArray[np.bool_]:
        """Which rows have been labelled for the task."""
        found = self.labels[split][task.id]
        return found[:, 0] >= 0 if found.ndim == 2 else found >= 0


def near_training(splits: Mapping[str, pa.Table]) -> dict[str, NDArray[np.int64]]:
    """For each split but "train": of each row a training row with nearly the same text, or -1."""
    if "train" not in splits:
        return {}
    base = splits["train"]["text"]
    return {name: alike_in(base, table["text"]) for name, table in splits.items() if name != "train"}
