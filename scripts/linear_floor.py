"""The linear floor on an experiment's own splits: characters' 1- and 2-grams, TF-IDF, a linear SVM on the text alone.

    python scripts/linear_floor.py --output floors.jsonl experiment=massive_zh_cn data.root=FOLDER
    python scripts/linear_floor.py --output floors.jsonl experiment=massive_zh_cn data.root=FOLDER \
        data.train_limit=500 data.seed=8

Appends one JSON line a task with its metrics on the test split. The Hydra overrides are those of `xinyi train`; the
same data.seed draws the same training rows.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from xinyi.config import builders
from xinyi.config.compose import load as load_config
from xinyi.data import Dataset, load
from xinyi.data.tokens import targets
from xinyi.evaluation.metrics.table import METRICS, score
from xinyi.tasks.spec import TaskSpec

# What a support vector machine can be measured by: it gives decisions, no probabilities.
DECIDED = ("macro_f1", "accuracy", "micro_f1", "quadratic_kappa", "mae", "subset_accuracy")


def measure(dataset: Dataset, task: TaskSpec) -> dict[str, float]:
    """Train on the training rows that have the task's label, score on the test rows that have it."""
    rows = {}
    for split in ("train", "test"):
        table = dataset.splits[split]
        target = targets(table, [task])[task.id]
        kept = (target >= 0).all(axis=1) if target.ndim == 2 else target >= 0
        texts = [text for text, keep in zip(table["text"].to_pylist(), kept, strict=True) if keep]
        rows[split] = (texts, target[kept].astype(np.int64))
    svm = LinearSVC(C=1.0, random_state=0)
    machine = OneVsRestClassifier(svm) if task.kind == "multi" else svm
    model = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True), machine)
    model.fit(*rows["train"])
    texts, gold = rows["test"]
    decided = np.asarray(model.predict(texts), dtype=np.int64)
    nothing = np.full((len(gold), len(task.labels)), 1.0 / len(task.labels))
    names = [name for name in DECIDED if task.kind in METRICS[name].kinds]
    return {"n": len(gold)} | {name: round(float(score(name, gold, decided, nothing)), 4) for name in names}


def main() -> None:
    """One line for each task."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("overrides", nargs="+")
    args = parser.parse_args()
    config = load_config(args.overrides)
    dataset = load(builders.data_settings(config), builders.task_specs(config))
    for task in dataset.tasks:
        started = time.monotonic()
        found = {"data": config.data.name, "task": task.id, **measure(dataset, task)}
        found |= {"rows": str(config.data.train_limit or "all"), "seed": config.data.seed}
        found["seconds"] = round(time.monotonic() - started, 1)
        with open(args.output, "a", encoding="utf-8") as file:
            file.write(json.dumps(found, ensure_ascii=False) + "\n")
        print(found)


if __name__ == "__main__":
    main()
