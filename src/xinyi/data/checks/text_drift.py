"""Text drift: a split can be told from the training rows by its texts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from xinyi.data.checks.finding import Check, Measured
from xinyi.data.checks.material import Material

MOST_ROWS, LEAST_ROWS, FEATURES = 2000, 100, 2**16


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """How well a naive Bayes classifier over characters tells a split from training: area under the ROC curve.

    0.5 says that the texts are alike. Near-duplicates of training rows and texts that occur in both are left out.
    """
    if "train" not in material.splits:
        return
    for split in (split for split in material.splits if split != "train"):
        first, second = (_sample(material, name) for name in ("train", split))
        if min(len(first), len(second)) < LEAST_ROWS:
            continue
        found = _area(first, second)
        message = f"texts of {split} are told from those of train with an area under the curve of {found:.2f}"
        yield Measured(found, message, split=split)


def _sample(material: Material, split: str) -> list[str]:
    rows = np.arange(len(material.splits[split]))
    rows = rows[material.near[split] < 0] if split in material.near else rows
    drawn = np.random.Generator(np.random.PCG64(material.seed)).permutation(len(rows))[:MOST_ROWS]
    return material.texts(split).take(np.sort(rows[drawn])).to_pylist()


def _area(first: list[str], second: list[str]) -> float:
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.metrics import roc_auc_score
    from sklearn.naive_bayes import MultinomialNB

    vectorizer = HashingVectorizer(analyzer="char", ngram_range=(1, 2), n_features=FEATURES, alternate_sign=False)
    features = vectorizer.transform(first + second)
    target = np.repeat([0, 1], [len(first), len(second)])
    folds = np.concatenate([np.arange(len(first)) % 2, np.arange(len(second)) % 2])
    scores: NDArray[np.float64] = np.zeros(len(target))
    for fold in (0, 1):
        model = MultinomialNB(fit_prior=False).fit(features[folds != fold], target[folds != fold])
        scores[folds == fold] = model.predict_proba(features[folds == fold])[:, 1]
    return float(np.mean([roc_auc_score(target[folds == fold], scores[folds == fold]) for fold in (0, 1)]))


CHECK = Check(
    "text_drift",
    "texts of a split differ from training",
    "warning",
    0.70,
    "look where the files came from; split rows of all times and channels alike, or by time on purpose",
    measure,
    needs_train=True,
)
