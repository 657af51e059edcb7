from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from evaluation_world import WISH, make_table

from xinyi.errors import ConfigError
from xinyi.evaluation.abstaining import ALWAYS, abstaining, judge
from xinyi.evaluation.decoding import fit_decoding
from xinyi.evaluation.predictions import Predictions, read_predictions, write_predictions
from xinyi.evaluation.settings import AbstainSettings, EvaluationSettings
from xinyi.tasks.decode import Decoding, answers, confidence, predict, probabilities


def stored(path: Path, size: int, seed: int, outside: bool = True) -> Predictions:
    """A split whose wish logits are decided for three rows in four and flat, with random labels, for the rest."""
    table, logits = make_table(size, seed)
    rng = np.random.default_rng(seed)
    flat = rng.random(size) < 0.25
    logits["wish"] = np.where(flat[:, None], rng.normal(0, 0.3, (size, 4)), logits["wish"] * 2.0)
    scores = None
    if outside:
        labels = table["label.wish"].to_pylist()
        marks = ["yes" if label is None else None for label in labels]
        logits["wish"][[mark == "yes" for mark in marks]] *= 0.05
        table = table.append_column("meta.outside.wish", pa.array(marks))
        scores = {"mahalanobis": {"wish": -rng.random(size) - np.array([mark == "yes" for mark in marks])}}
    write_predictions(path, table, {"wish": logits["wish"]}, [WISH], "validation", scores)
    return read_predictions(path)


def test_rows_outside_the_labels_are_answered_wrongly_whatever_is_answered(tmp_path: Path) -> None:
    found = stored(tmp_path / "v.parquet", 140, 1)
    judged = judge(found, "wish", Decoding())
    assert judged.outside_B.sum() == 20
    assert len(judged.rows) == 140
    assert judged.wrong_B[judged.outside_B].all()
    assert set(judged.scores) == {"probability", "energy", "mahalanobis"}
    assert judged.scores["mahalanobis"][judged.outside_B].max() < -1.0


def test_a_fitted_threshold_keeps_the_risk_on_validation_and_says_so_on_test(tmp_path: Path) -> None:
    validation = stored(tmp_path / "v.parquet", 1500, 2)
    settings = EvaluationSettings(resamples=200, abstain=AbstainSettings({"wish": 0.1}, coverage=0.5))
    decoding = fit_decoding(validation, settings.abstain)["wish"]
    assert 0.0 < decoding.abstain_below < 1.0
    entry = abstaining(stored(tmp_path / "t.parquet", 1500, 3), "wish", decoding, settings)
    assert entry["target"] == {"risk": 0.1, "coverage": 0.5}
    assert entry["risk"]["value"] <= 0.1
    assert entry["kept"] in ("yes", "undecided")
    assert 0.4 < entry["coverage"]["value"] < 1.0
    assert entry["coverage"]["low"] <= entry["coverage"]["value"] <= entry["coverage"]["high"]
    assert entry["outside"]["rows"] == 215
    assert entry["outside"]["scores"]["mahalanobis"]["auroc"]["value"] == 1.0
    assert entry["outside"]["scores"]["probability"]["auroc"]["low"] > 0.6
    assert entry["areas"]["probability"] < judge(validation, "wish", decoding).wrong_B.mean()


def test_what_the_bundle_abstains_from_is_what_the_report_counts(tmp_path: Path) -> None:
    found = stored(tmp_path / "v.parquet", 300, 4, outside=False)
    for score in ("probability", "energy"):
        settings = AbstainSettings({"wish": 0.05}, score=score, promise=False)
        decoding = fit_decoding(found, settings)["wish"]
        assert decoding.abstain_by == score
        rows = np.flatnonzero(found.tasks["wish"].present)
        said = answers(found.tasks["wish"].logits_BC[rows], WISH, decoding)
        entry = abstaining(found, "wish", decoding, EvaluationSettings(resamples=100, abstain=settings))
        share = np.mean([not answer["abstained"] for answer in said])
        assert entry["coverage"]["value"] == pytest.approx(share)
        assert 0.2 < share < 1.0


def test_a_risk_that_nothing_keeps_silences_the_model(tmp_path: Path) -> None:
    found = stored(tmp_path / "v.parquet", 60, 5)
    settings = AbstainSettings({"wish": 0.001})
    decoding = fit_decoding(found, settings)["wish"]
    assert decoding.abstain_below == ALWAYS
    assert all(answer["abstained"] for answer in answers(np.eye(4) * 50, WISH, decoding))
    entry = abstaining(found, "wish", decoding, EvaluationSettings(resamples=100, abstain=settings))
    assert entry["kept"] == "nothing answered"
    assert entry["risk"]["value"] is None
    assert entry["risk"]["why"]


def test_forty_answers_without_an_error_do_not_keep_a_small_risk(tmp_path: Path) -> None:
    """500 rows, the 40 surest right, as by Clopper and Pearson: up to 8.8 % of such answers may be wrong."""
    table, logits = make_table(500, 4)
    gold = np.array([WISH.index.get(label, -1) for label in table["label.wish"].to_pylist()])
    logits["wish"] = np.random.default_rng(0).normal(0, 0.1, (500, 4))
    sure = np.flatnonzero(gold >= 0)[:40]
    logits["wish"][sure] = np.eye(4)[gold[sure]] * 9.0
    path = write_predictions(tmp_path / "t.parquet", table, {"wish": logits["wish"]}, [WISH], "test")
    for risk, kept in ((0.03, "undecided"), (0.1, "yes")):
        settings = EvaluationSettings(resamples=200, abstain=AbstainSettings({"wish": risk}))
        entry = abstaining(read_predictions(path), "wish", Decoding(abstain_below=0.9), settings)
        assert entry["risk"] == {"value": 0.0, "low": 0.0, "high": pytest.approx(0.0881, abs=1e-4), "n": 40}
        assert entry["kept"] == kept
        assert entry["coverage"]["n"] == (gold >= 0).sum()


def test_turns_of_one_conversation_are_one_answer_to_go_by(tmp_path: Path) -> None:
    table, _ = make_table(40, 4, conversations=True)
    gold = np.array([WISH.index.get(label, 0) for label in table["label.wish"].to_pylist()])
    path = tmp_path / "t.parquet"
    write_predictions(path, table, {"wish": np.eye(4)[gold] * 9.0}, [WISH], "test")
    settings = EvaluationSettings(resamples=200)
    found = abstaining(read_predictions(path), "wish", Decoding(abstain_below=0.9), settings)["risk"]
    assert found["high"] == pytest.approx(1.0 - 0.025 ** (1 / 10))


def test_without_a_risk_nothing_is_withheld(tmp_path: Path) -> None:
    found = stored(tmp_path / "v.parquet", 80, 6, outside=False)
    decoding = fit_decoding(found)["wish"]
    entry = abstaining(found, "wish", decoding, EvaluationSettings(resamples=100))
    assert (decoding.abstain_below, entry["threshold"], entry["target"], entry["outside"]) == (0.0, None, None, None)
    assert "coverage" not in entry
    assert entry["curve"][-1]["coverage"] == 1.0


def test_confidence_scores_by_their_definition() -> None:
    logits = np.array([[2.0, -1.0, 0.5], [0.1, 0.0, -3.0]])
    probs = probabilities(logits, "single")
    top = confidence(logits, probs, predict(probs, "single"), "single")
    assert top == pytest.approx(probs.max(axis=1))
    energy = confidence(logits, probs, predict(probs, "single"), "single", "energy")
    assert energy == pytest.approx(np.log(np.exp(logits).sum(axis=1)))
    several = probabilities(logits, "multi")
    decided = predict(several, "multi")
    assert confidence(logits, several, decided, "multi") == pytest.approx(np.maximum(several, 1 - several).min(axis=1))
    joint = confidence(logits, several, decided, "multi", "energy")
    assert joint == pytest.approx(np.log1p(np.exp(logits)).sum(axis=1))


def test_settings_that_make_no_sense_are_refused_together() -> None:
    with pytest.raises(ConfigError) as caught:
        AbstainSettings({"a": 0.0, "b": 1.5, "c": 0.03}, score="guess")
    assert len(caught.value.problems) == 3
