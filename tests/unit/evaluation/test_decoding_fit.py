from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation_world import MOOD, STARS, WISH, make_table
from sklearn.metrics import f1_score, log_loss

from xinyi.errors import BundleError
from xinyi.evaluation.decoding import (
    fit_decoding,
    fit_temperature,
    fit_thresholds,
    read_decodings,
    write_decodings,
)
from xinyi.evaluation.predictions import read_predictions, write_predictions
from xinyi.tasks.decode import Decoding, probabilities


def test_temperature_finds_the_scale_that_was_applied() -> None:
    """Labels drawn from softmax(logits): logits written three times too large want a temperature of 3."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (6000, 5))
    gold = np.array([rng.choice(5, p=p) for p in probabilities(logits, "single")])
    assert fit_temperature(logits * 3, gold, "single") == pytest.approx(3.0, rel=0.06)
    marks = (rng.random(logits.shape) < probabilities(logits, "multi")).astype(int)
    assert fit_temperature(logits * 0.5, marks, "multi") == pytest.approx(0.5, rel=0.06)


def test_temperature_is_the_best_of_a_fine_grid() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 3, (300, 4))
    gold = np.array([rng.choice(4, p=p) for p in probabilities(logits, "single", 2.0)])
    found = fit_temperature(logits, gold, "single")

    def loss(temperature: float) -> float:
        return log_loss(gold, probabilities(logits, "single", temperature), labels=range(4))

    assert loss(found) <= min(loss(t) for t in np.geomspace(0.05, 20, 200)) + 1e-6


def test_thresholds_beat_one_half_on_a_shifted_label() -> None:
    rng = np.random.default_rng(2)
    gold = (rng.random((800, 3)) < 0.3).astype(int)
    probs = probabilities((gold * 2 - 1) * 1.5 + rng.normal(0, 1, gold.shape) - np.array([2.0, 0.0, -1.5]), "multi")
    limits = fit_thresholds(probs, gold)
    assert limits[0] < 0.4 < limits[2]
    fitted = f1_score(gold, (probs >= limits).astype(int), average="macro")
    assert fitted > f1_score(gold, (probs >= 0.5).astype(int), average="macro") + 0.02


def test_a_label_with_few_positives_leans_on_the_common_threshold() -> None:
    rng = np.random.default_rng(3)
    gold = (rng.random((400, 3)) < 0.4).astype(int)
    probs = probabilities((gold * 2 - 1) * 1.5 + rng.normal(0, 1, gold.shape), "multi")
    gold[:, 2] = 0
    never = fit_thresholds(probs, gold)
    probs[7, 2], gold[7, 2] = 0.94, 1
    once = fit_thresholds(probs, gold)
    common = never[2]
    assert 0.05 <= common <= 0.95
    # Alone, one positive at 0.94 would put the threshold wherever it alone passes.
    assert abs(once[2] - common) < 0.1


def test_fit_is_deterministic_and_stored_whole(tmp_path: Path, split_files: dict[str, Path]) -> None:
    validation = read_predictions(split_files["validation"])
    first = fit_decoding(validation)
    assert first == fit_decoding(validation)
    assert len(first["mood"].thresholds) == 3
    assert first["wish"].thresholds == first["stars"].thresholds == ()
    write_decodings(first, tmp_path / "decoding.json")
    assert read_decodings(tmp_path / "decoding.json") == first


def test_a_task_without_labelled_rows_is_decoded_plainly(tmp_path: Path) -> None:
    table, logits = make_table(0, 1)
    path = write_predictions(tmp_path / "v.parquet", table, logits, [STARS, MOOD, WISH], "validation")
    found = fit_decoding(read_predictions(path))
    assert found == {"stars": Decoding(), "mood": Decoding(thresholds=(0.5,) * 3), "wish": Decoding()}


def test_perfect_validation_rows_leave_the_temperature_sane() -> None:
    gold = np.arange(40) % 4
    assert 0.05 <= fit_temperature(np.eye(4)[gold] * 9, gold, "single") <= 1.0


def test_damaged_decoding_is_reported(tmp_path: Path) -> None:
    for content in ("{", "[1]", '{"a": {"temperature": "x", "thresholds": [], "abstain_below": 0}}', '{"a": {}}'):
        (tmp_path / "decoding.json").write_text(content)
        with pytest.raises(BundleError):
            read_decodings(tmp_path / "decoding.json")
    with pytest.raises(BundleError):
        read_decodings(tmp_path / "none.json")
