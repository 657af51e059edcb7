"""Sweeps are checked whole before the first run."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.config.quoting import quote
from xinyi.config.sweep import check_all, combinations
from xinyi.errors import ConfigError

FEW = settings(deadline=None, max_examples=25)


def test_each_further_value_stands_once_beside_the_first_of_the_others():
    assert combinations(["seed=1,2", "name=x", "optim.lr=0.1,0.2,0.3"]) == [
        ["seed=1", "name=x", "optim.lr=0.1"],
        ["seed=2", "name=x", "optim.lr=0.1"],
        ["seed=1", "name=x", "optim.lr=0.2"],
        ["seed=1", "name=x", "optim.lr=0.3"],
    ]


@FEW
@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_the_number_of_checks_is_linear(sizes):
    overrides = [f"k{i}={','.join(map(str, range(n)))}" for i, n in enumerate(sizes)]
    found = combinations(overrides)
    assert len(found) == 1 + sum(n - 1 for n in sizes) <= math.prod(sizes)
    for i, n in enumerate(sizes):
        assert {line[i] for line in found} == {f"k{i}={value}" for value in range(n)}


@pytest.mark.parametrize(
    ("override", "values"),
    [
        ("seed=range(1,4)", ["seed=1", "seed=2", "seed=3"]),
        ("task=emotion,[sentiment,intent]", ["task=emotion", "task=[sentiment,intent]"]),
        ("task=glob(sent*)", ["task=sentiment", "task=sentiment3"]),
        ("data.text=消息,文本", ['data.text="消息"', 'data.text="文本"']),
        ("++seed=1,2", ["++seed=1", "++seed=2"]),
    ],
)
def test_the_ways_to_write_a_sweep(override, values):
    assert [line for (line,) in combinations([quote(override)])] == values


def test_values_that_cannot_be_listed_are_reported_together():
    with pytest.raises(ConfigError) as caught:
        combinations(["optim.lr=interval(0,1)", "seed=1,2", "task=glob(nope*)"])
    first, second = caught.value.problems
    assert "values that can be listed, got 'optim.lr=interval(0,1)'" in first
    assert "at least one value, got 'task=glob(nope*)'" in second


def test_a_bad_value_in_the_middle_is_reported_with_all_others(monkeypatch):
    with pytest.raises(ConfigError) as caught:
        check_all(
            ["seed=1,-2,3", "trainer.epochs=1,x,2", "task=emotion,nope,intent", "data.train=no.jsonl"], None, True
        )
    places = [text.partition(": ")[0] for text in caught.value.problems]
    assert sorted(places) == ["data.train", "seed", "task", "trainer.epochs"]


def test_a_sweep_of_good_values_passes():
    check_all(["seed=1,2", "task=emotion,[sentiment,intent]"], None, True)


def test_several_values_without_a_sweep_are_refused():
    with pytest.raises(ConfigError, match="Ambiguous value"):
        check_all(["seed=1,2"], None, False)
