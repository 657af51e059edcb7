"""Task specifications: their errors, their dict, and the shipped ones."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyi.errors import ConfigError
from xinyi.tasks.spec import Derivation, Label, TaskSpec

WORD = st.text(min_size=1, max_size=6)
LABELS = st.lists(st.builds(Label, WORD, WORD, WORD, WORD), min_size=2, max_size=6, unique_by=lambda label: label.id)


@st.composite
def specs(draw):
    labels = tuple(draw(LABELS))
    mapping = draw(st.dictionaries(WORD, st.sampled_from([label.id for label in labels]), max_size=4))
    return TaskSpec(
        draw(WORD),
        draw(st.sampled_from(["single", "ordinal", "multi"])),
        labels,
        draw(WORD),
        draw(WORD),
        draw(st.sampled_from(["macro_f1", "mae"])),
        draw(st.floats(0.0, 10.0)),
        draw(st.none() | st.builds(Label, WORD)),
        draw(st.none() | st.just(Derivation("other", mapping))),
    )


@given(specs())
def test_a_spec_survives_its_dict_and_json(spec):
    assert TaskSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


@given(specs())
def test_the_position_of_a_label_is_the_index_of_its_logit(spec):
    assert [spec.index[label] for label in spec.label_ids] == list(range(len(spec.labels)))


TWO = (Label("a"), Label("b"))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "regression"}, ["single, ordinal, multi", "'regression'"]),
        ({"labels": (Label("a"),)}, ["at least 2 labels", "got 1"]),
        ({"kind": "multi", "labels": ()}, ["at least 1 labels", "got 0"]),
        ({"labels": (*TWO, Label("a"))}, ["each label id once", "['a']"]),
        ({"derive": Derivation("stars", {"1": "a", "2": "c"})}, ["derive.mapping", "['c']"]),
    ],
)
def test_what_cannot_be_a_task(changes, told):
    with pytest.raises(ConfigError) as caught:
        TaskSpec(**({"id": "mood", "kind": "single", "labels": TWO} | changes))
    assert "'mood'" in str(caught.value)
    assert len(caught.value.problems) == 1
    assert all(text in caught.value.problems[0] for text in told)


def test_every_problem_is_told_at_once():
    with pytest.raises(ConfigError) as caught:
        TaskSpec("mood", "regression", (Label("a"), Label("a")), derive=Derivation("x", {"1": "z"}))
    assert len(caught.value.problems) == 3


def test_one_label_is_enough_for_yes_or_no():
    assert TaskSpec("spam", "multi", (Label("spam"),)).label_ids == ("spam",)
