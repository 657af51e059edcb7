"""Linear models on the characters' 1- and 2-grams, cross-validated: what a plain learner makes of the labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.data.checks.material import Material
from xinyi.tasks.spec import TaskSpec

FOLDS, MOST_ROWS, MOST_FEATURES = 5, 40_000, 200_000
# Labels with fewer rows cannot be judged out of sample.
LEAST_ROWS = 10


@dataclass(frozen=True)
class Judged:
    """What cross-validation says of rows. split and rows: where they stand. probabilities: rows × labels.

    given: index of each row's label; for multi tasks rows × labels of 0 and 1.
    """

    split: NDArray[Any]
    rows: NDArray[np.int64]
    given: NDArray[np.int64]
    probabilities: NDArray[np.float64]


def judge(material: Material, task: TaskSpec) -> Judged | None:
    """Every labelled row judged by models that have seen neither it nor its copies; None without enough rows.

    Training rows are judged by the fold that left them out, rows of other splits by the mean of all folds.
    """
    store = material.judged
    if task.id not in store:
        store[task.id] = _judge(material, task)
    return store[task.id]


def _judge(material: Material, task: TaskSpec) -> Judged | None:
    if "train" not in material.splits:
        return None
    rows = {split: _rows(material, split, task) for split in material.splits}
    train = rows["train"]
    members = material.members("train", task)[train]
    if len(train) < 2 * FOLDS or (members.sum(axis=0) >= LEAST_ROWS).sum() < (1 if task.kind == "multi" else 2):
        return None
    features = _features(material, rows)
    folds = _folds(material, train)
    shape = (len(task.labels),)
    parts = {split: np.zeros((len(found), *shape)) for split, found in rows.items()}
    for fold in range(FOLDS):
        inside, outside = folds != fold, folds == fold
        if not outside.any():
            continue
        models = _fit(features["train"][inside], members[inside])
        parts["train"][outside] = _predict(models, features["train"][outside], task)
        for split in (name for name in rows if name != "train" and len(rows[name])):
            parts[split] += _predict(models, features[split], task) / FOLDS
    return _joined(material, task, rows, parts)


def _rows(material: Material, split: str, task: TaskSpec) -> NDArray[np.int64]:
    """Labelled rows, of many an even part drawn by the seed."""
    rows = np.flatnonzero(material.known(split, task))
    if len(rows) > MOST_ROWS:
        drawn = np.random.Generator(np.random.PCG64(material.seed)).permutation(len(rows))[:MOST_ROWS]
        rows = np.sort(rows[drawn])
    return rows


def _features(material: Material, rows: dict[str, NDArray[np.int64]]) -> dict[str, Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 2), sublinear_tf=True, min_df=2, max_features=MOST_FEATURES, dtype=np.float32
    )
    texts = {split: material.texts(split).take(found).to_pylist() for split, found in rows.items()}
    return {"train": vectorizer.fit_transform(texts["train"])} | {
        split: vectorizer.transform(found) for split, found in texts.items() if split != "train" and found
    }


def _folds(material: Material, train: NDArray[np.int64]) -> NDArray[np.int64]:
    """Decided by the text, so that its copies are in one fold."""
    from hashlib import blake2b

    texts = material.texts("train").take(train).to_pylist()
    return np.array([blake2b(text.encode(), digest_size=2).digest()[0] % FOLDS for text in texts])


def _fit(features: Any, members: NDArray[np.bool_]) -> list[Any]:
    """One model a label against the rest; None where a fold has too few rows of it."""
    from sklearn.linear_model import LogisticRegression

    models: list[Any] = []
    for wanted in members.T:
        if min(wanted.sum(), (~wanted).sum()) < LEAST_ROWS // 2:
            models.append(None)
        else:
            models.append(
                LogisticRegression(C=4.0, solver="liblinear", dual=True, tol=0.01, max_iter=50).fit(features, wanted)
            )
    return models


def _predict(models: list[Any], features: Any, task: TaskSpec) -> NDArray[np.float64]:
    found = np.zeros((features.shape[0], len(models)))
    for index, model in enumerate(models):
        if model is not None:
            found[:, index] = model.predict_proba(features)[:, 1]
    if task.kind == "multi":
        return found
    return found / np.maximum(found.sum(axis=1, keepdims=True), 1e-12)


def _joined(
    material: Material, task: TaskSpec, rows: dict[str, NDArray[np.int64]], parts: dict[str, NDArray[np.float64]]
) -> Judged:
    given = [
        material.members(split, task)[found].astype(np.int64)
        if task.kind == "multi"
        else material.labels[split][task.id][found]
        for split, found in rows.items()
    ]
    names = np.concatenate([np.full(len(found), split, dtype=object) for split, found in rows.items()])
    return Judged(
        names, np.concatenate(list(rows.values())), np.concatenate(given), np.concatenate(list(parts.values()))
    )
