"""Each metric against an independent implementation, on random answers and on lopsided ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from xinyi.evaluation.metrics import METRICS, Scored, metrics_for, score


def top3(gold, given, probs):
    return sk.top_k_accuracy_score(gold, probs, k=3, labels=range(probs.shape[1]))


def sk_brier(gold, given, probs):
    return ((probs - np.eye(probs.shape[1])[gold]) ** 2).sum(1).mean()


def seen(gold, given):
    return np.flatnonzero((gold.sum(0) + given.sum(0)) > 0)


def multi_map(gold, given, probs):
    return np.mean([sk.average_precision_score(gold[:, k], probs[:, k]) for k in np.flatnonzero(gold.sum(0))])


SINGLE: dict[str, Callable] = {
    "accuracy": lambda g, d, p: sk.accuracy_score(g, d),
    "balanced_accuracy": lambda g, d, p: sk.balanced_accuracy_score(g, d),
    "macro_f1": lambda g, d, p: sk.f1_score(g, d, average="macro", zero_division=0),
    "weighted_f1": lambda g, d, p: sk.f1_score(g, d, average="weighted", zero_division=0),
    "mcc": lambda g, d, p: sk.matthews_corrcoef(g, d),
    "top3_accuracy": top3,
    "top5_accuracy": lambda g, d, p: sk.top_k_accuracy_score(g, p, k=5, labels=range(p.shape[1])),
    "log_loss": lambda g, d, p: sk.log_loss(g, p, labels=range(p.shape[1])),
    "brier": sk_brier,
}
ORDINAL: dict[str, Callable] = {
    "mae": lambda g, d, p: sk.mean_absolute_error(g, d),
    "quadratic_kappa": lambda g, d, p: sk.cohen_kappa_score(g, d, weights="quadratic", labels=range(p.shape[1])),
    "within_one_accuracy": lambda g, d, p: np.mean(np.abs(g - d) < 1.5),
    "spearman": lambda g, d, p: stats.spearmanr(g, d).statistic,
}
MULTI: dict[str, Callable] = {
    "micro_f1": lambda g, d, p: sk.f1_score(g, d, average="micro"),
    "macro_f1": lambda g, d, p: sk.f1_score(g, d, average="macro", labels=seen(g, d), zero_division=0),
    "weighted_f1": lambda g, d, p: sk.f1_score(g, d, average="weighted", zero_division=0),
    "sample_f1": lambda g, d, p: sk.f1_score(g, d, average="samples", zero_division=1),
    "jaccard": lambda g, d, p: sk.jaccard_score(g, d, average="samples", zero_division=1),
    "subset_accuracy": lambda g, d, p: sk.accuracy_score(g, d),
    "hamming_loss": lambda g, d, p: sk.hamming_loss(g, d),
    "mean_average_precision": multi_map,
}


def single_rows(seed: int, labels: int = 6):
    """Gold, decisions and probabilities; every third seed leaves some labels without rows."""
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.ones(labels) * 0.7, 90)
    gold = np.where(rng.random(90) < 0.5, probs.argmax(1), rng.integers(labels - (seed % 3 == 0), size=90))
    return gold, probs.argmax(1), probs


def multi_rows(seed: int, labels: int = 5):
    """Gold, decisions and probabilities with ties; every third seed has a label that nobody has or gives."""
    rng = np.random.default_rng(seed)
    gold = (rng.random((80, labels)) < 0.3).astype(int)
    probs = np.round(np.clip(gold * 0.3 + rng.random((80, labels)) * 0.7, 0, 1), 1)
    if seed % 3 == 0:
        gold[:, -1], probs[:, -1] = 0, 0.1
    return gold, (probs >= 0.5).astype(int), probs


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", [*SINGLE, *ORDINAL])
def test_one_label_metrics_agree(name: str, seed: int) -> None:
    rows = single_rows(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of labels without rows
        expected = {**SINGLE, **ORDINAL}[name](*rows)
    assert score(name, *rows) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", MULTI)
def test_multi_metrics_agree(name: str, seed: int) -> None:
    rows = multi_rows(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = MULTI[name](*rows)
    assert score(name, *rows) == pytest.approx(expected, abs=1e-12)


def test_brier_agrees_with_scikit_learn() -> None:
    gold, given, probs = single_rows(1)
    expected = sk.brier_score_loss(gold, probs, labels=list(range(6)), scale_by_half=False)
    assert score("brier", gold, given, probs) == pytest.approx(expected, abs=1e-12)


def test_every_metric_has_a_reference() -> None:
    assert {*SINGLE, *ORDINAL, *MULTI} == set(METRICS)


@pytest.mark.parametrize("kind", ["ordinal", "multi"])
def test_weights_are_repeats(kind: str) -> None:
    """A row of weight 3 counts exactly as three equal rows; weight 0 as no row."""
    gold, given, probs = single_rows(2) if kind == "ordinal" else multi_rows(2)
    weights = np.random.default_rng(5).integers(0, 4, size=(len(gold), 3))
    weighted = Scored.of(gold, given, probs, weights.astype(float))
    for metric in metrics_for(kind):
        values = metric.function(weighted)
        for column in range(3):
            rows = np.repeat(np.arange(len(gold)), weights[:, column])
            assert values[column] == pytest.approx(score(metric.name, gold[rows], given[rows], probs[rows]), abs=1e-10)
