"""Label errors: labels that a cross-validated linear model finds hard to believe (Northcutt 2021)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.linear import Judged, judge
from xinyi.data.checks.material import MOST_EXAMPLES, Material
from xinyi.tasks.spec import TaskSpec

UNBELIEVED, BELIEVED = 0.1, 0.5


@dataclass(frozen=True)
class Suspect:
    """A label that may be wrong. given, suggested: label ids, joined by " + " for multi tasks, "" for none.

    belief: the model's probability of the given label, for multi tasks of the least likely decision.
    """

    split: str
    row: int
    task: str
    given: str
    suggested: str
    belief: float


def suspects(material: Material, task: TaskSpec) -> list[Suspect]:
    """The suspected label errors of a task, the least believable first."""
    judged = judge(material, task)
    if judged is None:
        return []
    found = _multi(judged, task) if task.kind == "multi" else _single(judged, task)
    return sorted(found, key=lambda suspect: (suspect.belief, suspect.split, suspect.row))


def _single(judged: Judged, task: TaskSpec) -> Iterator[Suspect]:
    present = np.unique(judged.given)
    if len(present) < 2:
        return
    places = np.searchsorted(present, judged.given)
    probabilities = np.clip(judged.probabilities[:, present], 1e-9, None)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    for row in np.flatnonzero(_issues(places, probabilities)):
        best = int(probabilities[row].argmax())
        if _is_clear(probabilities[row, places[row]], probabilities[row, best]):
            given, suggested = task.label_ids[judged.given[row]], task.label_ids[present[best]]
            belief = float(probabilities[row, places[row]])
            yield Suspect(str(judged.split[row]), int(judged.rows[row]), task.id, given, suggested, belief)


def _issues(given: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows off the diagonal of cleanlab's confident joint."""
    from cleanlab.filter import find_label_issues

    return np.asarray(find_label_issues(given, probabilities, filter_by="confident_learning", n_jobs=1))


def _is_clear(given: float, suggested: float) -> bool:
    """A plain learner's own mistakes are far more than the label errors: it has to be sure, of both labels.

    With one label in twenty falsified, 40 to 75 % of the suspects were falsified ones, and 20 to 60 % of these were
    suspected (three sets of 6,000 to 8,000 rows); without this, 20 to 50 % and 70 to 98 %.
    """
    return given <= UNBELIEVED and suggested >= BELIEVED


def _multi(judged: Judged, task: TaskSpec) -> Iterator[Suspect]:
    """Each label by itself, has it or has it not; a row's suspicions are told together."""
    wrong = np.zeros(judged.given.shape, dtype=bool)
    for index in range(len(task.labels)):
        given, chance = judged.given[:, index], np.clip(judged.probabilities[:, index], 1e-9, 1 - 1e-9)
        if 0 < given.sum() < len(given):
            issues = _issues(given, np.stack([1 - chance, chance], axis=1))
            # Most labels are rare, so a low chance is nothing special for a row that has one: it must be far below.
            unlikely = np.where(given == 1, chance <= given.mean() / 5, chance >= 1 - UNBELIEVED)
            wrong[:, index] = issues & unlikely
    believed = np.where(judged.given == 1, judged.probabilities, 1 - judged.probabilities)
    for row in np.flatnonzero(wrong.any(axis=1)):
        suggested = judged.given[row] ^ wrong[row]
        belief = float(believed[row][wrong[row]].min())
        yield Suspect(
            str(judged.split[row]), int(judged.rows[row]), task.id, _names(task, judged.given[row]),
            _names(task, suggested), belief,
        )  # fmt: skip


def _names(task: TaskSpec, members: NDArray[np.int64]) -> str:
    return " + ".join(label for label, has in zip(task.label_ids, members, strict=True) if has)


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of each split's labelled rows whose label is suspected."""
    for task in material.tasks:
        found = suspects(material, task)
        for split in material.splits:
            own = [suspect for suspect in found if suspect.split == split]
            rows = int(material.known(split, task).sum())
            if not own:
                continue
            shown = tuple(
                Example((material.texts(split)[s.row].as_py(),), f"{s.given or 'none'}, or {s.suggested or 'none'}?")
                for s in own[:MOST_EXAMPLES]
            )
            message = f"{task.id}: {len(own):,} of {rows:,} {split} rows ({len(own) / rows:.1%}) may have a wrong label"
            yield Measured(len(own) / rows, message, split, task.id, count=len(own), examples=shown)


CHECK = Check(
    "label_errors",
    "suspected label errors",
    "warning",
    0.05,
    "work through label_errors.csv, fill its column `label`, and name it as data.corrections",
    measure,
    slow=True,
    needs_train=True,
)
