"""Collisions: two labels that cannot be told apart, by how often a linear model takes one for the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.linear import LEAST_ROWS, Judged, judge
from xinyi.data.checks.material import Material
from xinyi.tasks.spec import TaskSpec

SHOWN_PAIRS, MOST_COMPARED = 3, 400


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """For two labels: the share of mistakes when only they are to choose from (0.5: a coin), the mean of both sides.

    The value is the lower end of the share's 95 % interval (Wilson 1927): few rows are no proof of a collision.
    Neighbouring levels of ordinal tasks are left out: they shade into each other.
    """
    for task in material.tasks:
        judged = judge(material, task) if task.kind != "multi" else None
        if judged is None:
            continue
        train = judged.split == "train"
        given, chances = judged.given[train], judged.probabilities[train]
        counts = np.bincount(given, minlength=len(task.labels))
        for first, second, mistakes in _pairs(given, chances, counts, task):
            count = int(counts[first] + counts[second])
            low = _lower(mistakes, count)
            if low > limit / 2:
                names = f"{task.label_ids[first]!r} and {task.label_ids[second]!r}"
                message = f"{task.id}: {names} are confused in {mistakes:.0%} of the choices between them"
                label = f"{task.label_ids[first]} / {task.label_ids[second]}"
                shown = _examples(material, judged, first, second)
                yield Measured(low, message, "train", task.id, label, count, shown)


def _pairs(
    given: NDArray[np.int64], chances: NDArray[np.float64], counts: NDArray[np.int64], task: TaskSpec
) -> Iterator[tuple[int, int, float]]:
    known = np.flatnonzero(counts >= LEAST_ROWS)
    for place, first in enumerate(known):
        for second in known[place + 1 :]:
            if task.kind == "ordinal" and second - first < 2:
                continue
            one, two = chances[given == first], chances[given == second]
            mistakes = (np.mean(one[:, second] >= one[:, first]) + np.mean(two[:, first] > two[:, second])) / 2
            yield int(first), int(second), float(mistakes)


def _lower(share: float, n: int, z: float = 1.96) -> float:
    """The lower end of Wilson's interval."""
    centre = share + z * z / (2 * n)
    return (centre - z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))) / (1 + z * z / n)


def _examples(material: Material, judged: Judged, first: int, second: int) -> tuple[Example, ...]:
    """The pairs of texts, one of each label, that are most alike."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    train = judged.split == "train"
    sides = [judged.rows[train & (judged.given == label)][:MOST_COMPARED] for label in (first, second)]
    texts = [material.texts("train").take(rows).to_pylist() for rows in sides]
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True).fit(texts[0] + texts[1])
    alike = (vectorizer.transform(texts[0]) @ vectorizer.transform(texts[1]).T).toarray()
    shown: list[Example] = []
    for _ in range(SHOWN_PAIRS):
        one, two = np.unravel_index(int(alike.argmax()), alike.shape)
        if alike[one, two] <= 0:
            break
        shown.append(Example((texts[0][one], texts[1][two]), "one of each"))
        alike[one, :], alike[:, two] = 0, 0
    return tuple(shown)


CHECK = Check(
    "collisions",
    "labels that cannot be told apart",
    "warning",
    0.35,
    "merge the two (data.map), or sharpen the guide and relabel the pairs",
    measure,
    slow=True,
    needs_train=True,
)
