"""What masking personal data costs: the linear floor on the same rows, with and without it.

    python scripts/masking_cost.py experiment=massive_zh_cn data.root=FOLDER

Prints one JSON line a task: how many rows masking changes, accuracy and macro-F1 of both, and the accuracy's change
with its 95 % interval (paired bootstrap over the test rows). The Hydra overrides are those of `xinyi train`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from xinyi.config import builders
from xinyi.config.compose import load as load_config
from xinyi.data import Dataset, load
from xinyi.data.tokens import targets
from xinyi.tasks.spec import TaskSpec
from xinyi.text import mask

RESAMPLES, SEED = 2000, 7


def measure(dataset: Dataset, task: TaskSpec) -> dict[str, Any]:
    """Both floors of a single or ordinal task; everything that is no test row is learnt from."""
    texts, labels = {"learnt": [], "test": []}, {"learnt": [], "test": []}
    for split, table in dataset.splits.items():
        target = targets(table, [task])[task.id]
        part = "test" if split == "test" else "learnt"
        texts[part] += [text for text, label in zip(table["text"].to_pylist(), target, strict=True) if label >= 0]
        labels[part] += target[target >= 0].tolist()
    gold = np.array(labels["test"])
    changed = {part: sum(mask(text) != text for text in found) for part, found in texts.items()}
    plain = _decided(texts, labels)
    masked = _decided({part: list(map(mask, found)) for part, found in texts.items()}, labels)
    return {
        "task": task.id,
        "rows": {part: len(found) for part, found in texts.items()},
        "changed": changed,
        "accuracy": [round(float((found == gold).mean()), 4) for found in (plain, masked)],
        "macro_f1": [round(float(f1_score(gold, found, average="macro")), 4) for found in (plain, masked)],
        "difference": _difference((masked == gold).astype(float) - (plain == gold)),
    }


def _decided(texts: dict[str, list[str]], labels: dict[str, list[int]]) -> NDArray[np.int64]:
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
    model = make_pipeline(vectorizer, LinearSVC(C=1.0, random_state=0)).fit(texts["learnt"], labels["learnt"])
    return np.asarray(model.predict(texts["test"]), dtype=np.int64)


def _difference(gains: NDArray[np.float64]) -> list[float]:
    """Mean, and the middle 95 % of the resampled means."""
    random = np.random.Generator(np.random.PCG64(SEED))
    means = [gains[random.integers(0, len(gains), len(gains))].mean() for _ in range(RESAMPLES)]
    return [round(float(value), 4) for value in (gains.mean(), *np.percentile(means, [2.5, 97.5]))]


def main(arguments: Sequence[str] | None = None) -> None:
    """One line for each task with one label a row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("overrides", nargs="+")
    config = load_config(parser.parse_args(arguments).overrides)
    dataset = load(replace(builders.data_settings(config), mask=False), builders.task_specs(config))
    for task in (task for task in dataset.tasks if task.kind != "multi"):
        print(json.dumps({"data": config.data.name, **measure(dataset, task)}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
