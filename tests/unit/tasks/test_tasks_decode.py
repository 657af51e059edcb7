"""From logits to answers, against scipy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.special import expit, softmax

from xinyi.tasks.decode import Decoding, answers, decisions, predict, probabilities
from xinyi.tasks.spec import Label, TaskSpec

LOGITS = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(-1e4, 1e4, width=32, allow_subnormal=False),
)
SINGLE = TaskSpec("intent", "single", (Label("refund", "退款"), Label("praise", "表扬"), Label("other")))
MULTI = TaskSpec(
    "emotion", "multi", (Label("anger", "愤怒"), Label("joy", "喜悦"), Label("worry")), empty=Label("calm", "平静")
)


@settings(max_examples=100, deadline=None)
@given(LOGITS, st.floats(0.05, 20.0))
def test_probabilities_are_those_of_scipy(logits_BC, temperature):
    scaled = logits_BC.astype(np.float64) / temperature
    for kind in ("single", "ordinal"):
        np.testing.assert_allclose(probabilities(logits_BC, kind, temperature), softmax(scaled, axis=1), atol=1e-12)
    np.testing.assert_allclose(probabilities(logits_BC, "multi", temperature), expit(scaled), atol=1e-12)


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_huge_logits_do_not_overflow(kind):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        probs_BC = probabilities(np.array([[3e38, -3e38, 0.0]], np.float32), kind, 0.05)
    expected = [1.0, 0.0, 0.0] if kind == "single" else [1.0, 0.0, 0.5]
    np.testing.assert_array_equal(probs_BC, [expected])


def test_temperature_flattens_but_keeps_the_order():
    logits_BC = np.array([[2.0, 1.0, -1.0]])
    sharp, flat = (probabilities(logits_BC, "single", t)[0] for t in (0.5, 4.0))
    assert sharp.max() > probabilities(logits_BC, "single")[0].max() > flat.max()
    assert (np.argsort(sharp) == np.argsort(flat)).all()


def test_a_threshold_is_reached_at_its_very_value():
    probs_BC = np.array([[0.3, np.nextafter(0.3, 0), 0.9]])
    assert predict(probs_BC, "multi", (0.3, 0.3, 0.95)).tolist() == [[1, 0, 0]]
    assert predict(np.array([[0.5, np.nextafter(0.5, 0)]]), "multi").tolist() == [[1, 0]]


@settings(max_examples=50, deadline=None)
@given(LOGITS)
def test_the_single_decision_is_the_most_probable_label(logits_BC):
    probs_BC = probabilities(logits_BC, "ordinal")
    chosen = predict(probs_BC, "ordinal")
    assert (probs_BC[np.arange(len(probs_BC)), chosen] == probs_BC.max(axis=1)).all()


def test_single_answer():
    (answer,) = answers(np.log([[0.2, 0.7, 0.1]]), SINGLE, Decoding())
    assert (answer["label"], answer["name"], answer["abstained"]) == ("praise", "表扬", False)
    assert answer["probability"] == pytest.approx(0.7)
    assert answer["all"] == pytest.approx({"refund": 0.2, "praise": 0.7, "other": 0.1})


def test_a_label_without_a_chinese_name_is_called_by_its_id():
    (answer,) = answers(np.array([[0.0, 0.0, 5.0]]), SINGLE, Decoding())
    assert answer["name"] == "other"


@pytest.mark.parametrize(("limit", "abstained"), [(0.0, False), (0.699, False), (0.701, True)])
def test_a_single_answer_abstains_below_the_limit(limit, abstained):
    (answer,) = answers(np.log([[0.2, 0.7, 0.1]]), SINGLE, Decoding(abstain_below=limit))
    assert answer["abstained"] is abstained
    assert answer["label"] == "praise"


def logit(*probs: float) -> np.ndarray:
    return np.log(np.array([probs]) / (1 - np.array([probs])))


def test_multi_answers_come_most_probable_first():
    (answer,) = answers(logit(0.6, 0.3, 0.9), MULTI, Decoding(thresholds=(0.5, 0.25, 0.5)))
    assert answer["label"] == ["worry", "anger", "joy"]
    assert answer["name"] == ["worry", "愤怒", "喜悦"]
    assert answer["probability"] == pytest.approx([0.9, 0.6, 0.3])
    assert list(answer["all"]) == ["anger", "joy", "worry"]


def test_no_label_reached_is_an_empty_answer():
    (answer,) = answers(logit(0.1, 0.2, 0.3), MULTI, Decoding())
    assert (answer["label"], answer["name"], answer["probability"]) == ([], [], [])


@pytest.mark.parametrize(("limit", "abstained"), [(0.0, False), (0.64, False), (0.66, True)])
def test_a_multi_answer_is_as_sure_as_its_least_sure_decision(limit, abstained):
    # yes with 0.9, no with 0.8, no with 0.65
    (answer,) = answers(logit(0.9, 0.2, 0.35), MULTI, Decoding(abstain_below=limit))
    assert answer["abstained"] is abstained


def test_answers_are_plain_json():
    for task in (SINGLE, MULTI):
        found = answers(np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32), task, Decoding())
        assert json.loads(json.dumps(found)) == found


@given(
    st.floats(0.01, 100.0),
    st.lists(st.floats(0.0, 1.0), max_size=5).map(tuple),
    st.floats(0.0, 1.0),
)
def test_a_decoding_survives_its_dict(temperature, thresholds, below):
    decoding = Decoding(temperature, thresholds, below)
    assert Decoding.from_dict(json.loads(json.dumps(decoding.to_dict()))) == decoding


@pytest.mark.parametrize("task", [SINGLE, MULTI])
@pytest.mark.parametrize("by", ["probability", "energy"])
def test_decisions_are_part_of_the_answers(task, by):
    logits_BC = np.random.default_rng(0).normal(size=(20, 3))
    decoding = Decoding(abstain_below=1.3 if by == "energy" else 0.6, abstain_by=by)
    said = answers(logits_BC, task, decoding)
    assert decisions(logits_BC, task, decoding) == [(a["label"], a["probability"], a["abstained"]) for a in said]
    assert {a["abstained"] for a in said} == {True, False}


@pytest.mark.parametrize(
    ("decoding", "abstains"),
    [(Decoding(), False), (Decoding(abstain_below=0.1), True), (Decoding(abstain_by="energy"), True)],
)
def test_a_decoding_abstains_where_it_has_a_threshold(decoding, abstains):
    assert decoding.abstains is abstains
