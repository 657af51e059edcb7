"""Put two models' answers to the same rows side by side, matched by content, in whatever order they lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.answers import SplitAnswers, TaskAnswers
from xinyi.evaluation.bootstrap import Units, make_units
from xinyi.tasks.decode import Decoding, predict, probabilities

# Two formats of one export differ by less (see export.tolerance); two trainings never agree so well on all rows.
ALIKE = 1e-4


class OtherRows(Exception):  # noqa: N818 - an answer of the matching, which callers turn into their own words
    """The two were not measured on the same rows; the text says how they differ."""


@dataclass(frozen=True, eq=False)
class Decided:
    """One model's answers: decisions as indices (B,) or 0/1 (B, C), and probabilities (B, C) after temperature."""

    predicted: NDArray[np.int64]
    probs_BC: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pair:
    """The same B rows answered by two models. positions: each row's place in the candidate's split.

    slices: slice → each row's value, as either side knows it. lost: slice → the champion's values that no row has here.
    """

    kind: str
    labels: tuple[str, ...]
    gold: NDArray[np.int64]
    candidate: Decided
    champion: Decided
    units: NDArray[np.int64]
    positions: NDArray[np.int64]
    slices: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    lost: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.gold)

    def take(self, rows: NDArray) -> Pair:
        """Some of the rows, by index or mask."""
        pick = {name: getattr(self, name)[rows] for name in ("gold", "units", "positions")}
        sides = {
            name: Decided(side.predicted[rows], side.probs_BC[rows])
            for name, side in (("candidate", self.candidate), ("champion", self.champion))
        }
        return replace(self, **pick, **sides, slices={name: values[rows] for name, values in self.slices.items()})

    @cached_property
    def drawn(self) -> Units:
        """What a resample draws: conversations where one has several rows, else rows within their gold label."""
        return make_units(self.gold, self.units)

    @property
    def identical(self) -> bool:
        """Whether both are one model: the same decisions, and probabilities as alike as two formats of one export."""
        ours, theirs = self.candidate, self.champion
        if not np.array_equal(ours.predicted, theirs.predicted):
            return False
        return bool(np.allclose(ours.probs_BC, theirs.probs_BC, rtol=0.0, atol=ALIKE))


def make_pair(
    candidate: SplitAnswers, champion: SplitAnswers, task: str, decodings: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> Pair:
    """Both models' answers to one task.

    Rows with the same content and the same label are matched in their order; a row that only one of them has, another
    gold label or another set of labels makes the comparison impossible.

    Args:
        decodings: the candidate's and the champion's decoding of the task, as reports hold them.

    Raises:
        OtherRows: with the number of rows that differ.
    """
    missing = [whose for whose, side in (("candidate", candidate), ("champion", champion)) if task not in side.tasks]
    if missing:
        raise OtherRows(f"the {missing[0]} has no answers for task {task}")
    ours, theirs = candidate.tasks[task], champion.tasks[task]
    if ours.kind != theirs.kind or sorted(ours.labels) != sorted(theirs.labels):
        raise OtherRows(f"the two have other labels for task {task}")
    columns = [theirs.labels.index(label) for label in ours.labels]
    keys = [_keys(side.ids, own) for side, own in ((candidate, ours), (champion, theirs))]
    orders = [np.argsort(found, kind="stable") for found in keys]
    _check_same(keys[0][orders[0]], keys[1][orders[1]])
    gold = ours.gold[orders[0]]
    sides = (
        _decided(ours.kind, ours.logits_BC[orders[0]], decodings[0]),
        _decided(ours.kind, theirs.logits_BC[orders[1]][:, columns], decodings[1], columns),
    )
    rows, others = ours.rows[orders[0]], theirs.rows[orders[1]]
    slices, lost = _joined(
        {name: values[rows] for name, values in candidate.slices.items()},
        {name: values[others] for name, values in champion.slices.items()},
    )
    # What either side knows to hang together does.
    units = min((candidate.units[rows], champion.units[others]), key=lambda found: len(np.unique(found)))
    return Pair(ours.kind, ours.labels, gold, *sides, units, rows, slices, lost)


def _joined(
    ours: Mapping[str, NDArray[np.str_]], theirs: Mapping[str, NDArray[np.str_]]
) -> tuple[dict[str, NDArray[np.str_]], dict[str, dict[str, int]]]:
    """The candidate's slices, with the champion's values of the same rows where it has none; and the champion's values
    that no row has then, with their rows: a candidate must not escape a comparison by data that lack a column.
    """
    slices, lost = dict(ours), {}
    for name, values in theirs.items():
        own = slices.get(name, np.zeros(len(values), np.str_))
        slices[name] = np.where(own == "", values, own)
        known, counts = np.unique(values[values != ""], return_counts=True)
        gone = ~np.isin(known, slices[name])
        if gone.any():
            lost[name] = dict(zip(known[gone].tolist(), counts[gone].tolist(), strict=True))
    return slices, lost


def _keys(ids: NDArray[np.str_], task: TaskAnswers) -> NDArray[np.str_]:
    """Content and gold answer of each labelled row, as one text."""
    names = np.array(task.labels, np.str_)
    if task.gold.ndim == 1:
        answers = names[task.gold]
    else:
        chosen = [sorted(names[row == 1].tolist()) for row in task.gold]
        answers = np.array(["\t".join(found) for found in chosen], np.str_)
    return np.char.add(np.char.add(ids[task.rows], "\n"), answers)


def _check_same(ours: NDArray[np.str_], theirs: NDArray[np.str_]) -> None:
    """Raise OtherRows unless the sorted keys are the same."""
    if np.array_equal(ours, theirs):
        return
    contents = [{key.split("\n")[0] for key in side.tolist()} for side in (ours, theirs)]
    only = [len(contents[0] - contents[1]), len(contents[1] - contents[0])]
    if any(only):
        raise OtherRows(
            f"they were measured on other rows: {only[0]} texts only the candidate has, {only[1]} only the champion"
        )
    if len(ours) != len(theirs):
        raise OtherRows(f"the candidate was measured on {len(ours)} rows, the champion on {len(theirs)}")
    raise OtherRows(f"{int((ours != theirs).sum())} rows have other gold labels in the two")


def _decided(kind: str, logits_BC: NDArray, raw: Mapping[str, Any], columns: list[int] | None = None) -> Decided:
    decoding = Decoding.from_dict(raw)
    limits = decoding.thresholds
    if limits and columns is not None:
        limits = tuple(limits[column] for column in columns)
    probs_BC = probabilities(logits_BC, kind, decoding.temperature)
    return Decided(predict(probs_BC, kind, limits), probs_BC)
