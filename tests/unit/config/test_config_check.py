"""The schema check: every difference at once, each with its place."""

from __future__ import annotations

import copy
from dataclasses import asdict

import pytest
import yaml
from config_world import Inner, Outer, configurations, scalars
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.config import check
from xinyi.config.compose import typed
from xinyi.config.schema import TrainConfig
from xinyi.errors import ConfigError

FEW = settings(deadline=None, max_examples=30)
WRONG = [
    ("count", "three", "count: expected a whole number, got 'three'"),
    ("count", True, "count: expected a whole number, got True"),
    ("count", 2.0, "count: expected a whole number, got 2.0"),
    ("count", None, "count: expected a whole number, got None"),
    ("count", 0, "count: expected at least 1, got 0"),
    ("flag", 1, "flag: expected true or false, got 1"),
    ("flag", "yes", "flag: expected true or false, got 'yes'"),
    ("kind", "c", "kind: expected one of a, b, got 'c'"),
    ("kind", False, "kind: expected a text, got False"),
    ("limit", "x", "limit: expected a whole number or null, got 'x'"),
    ("limit", 0, "limit: expected at least 1, got 0"),
    ("files", {"a": 1}, "files: expected a text or a list with a text in each place or null, got {'a': 1}"),
    ("files", ["a", ["b"]], "files[1]: expected a text, got ['b']"),
    ("map", ["a"], "map: expected keys with values, got ['a']"),
    ("map", {"a": {"b": None}}, "map.a.b: expected a text, got None"),
    ("map", {"a": {True: "b"}}, "map.a: expected a text as key, got True"),
    ("free", [{"a": object}, 3], "free[1]: expected keys with values, got 3"),
    ("inner", 3, "inner: expected keys with values, got 3"),
    ("inner", {"rate": "x"}, "inner.rate: expected a number, got 'x'"),
    ("inner", {"rate": 1.5}, "inner.rate: expected at most 1, got 1.5"),
    ("inner", {"rate": float("nan")}, "inner.rate: expected a finite number, got nan"),
    ("inner", {"rate": float("inf")}, "inner.rate: expected a finite number, got inf"),
    ("inner", {"words": "x"}, "inner.words: expected a list with a text in each place, got 'x'"),
    ("named", {"x": 3}, "named.x: expected keys with values, got 3"),
    ("named", {"x": {"rate": -1}}, "named.x.rate: expected at least 0, got -1"),
]


@pytest.mark.parametrize(("key", "value", "start"), WRONG, ids=[text.split(", got")[0] for _, _, text in WRONG])
def test_each_kind_of_wrong_value(key, value, start):
    (problem,) = check.problems({key: value}, Outer)
    assert problem.startswith(f"{start}; ")


@pytest.mark.parametrize(
    ("raw", "place", "remedy"),
    [
        ({"counts": 1}, "counts", "did you mean count?"),
        ({"zzz": 1}, "zzz", "remove it"),
        ({"inner": {"rat": 1}}, "inner.rat", "did you mean rate?"),
        ({"named": {"x": {"word": []}}}, "named.x.word", "did you mean words?"),
    ],
)
def test_unknown_keys_name_the_nearest(raw, place, remedy):
    (problem,) = check.problems(raw, Outer)
    assert problem.startswith(f"{place}: expected one of ")
    assert f"got unknown key {place.split('.')[-1]!r}; {remedy}" in problem


def test_everything_wrong_is_found_in_one_go():
    raw = {"count": "x", "flga": True, "inner": {"rate": 2, "words": [1, {}]}, "named": {"a": 1, "b": {"rate": None}}}
    places = [text.partition(": ")[0] for text in check.problems(raw, Outer)]
    assert places == ["count", "flga", "inner.rate", "inner.words[1]", "named.a", "named.b.rate"]


def test_a_long_value_is_shown_shortened():
    (problem,) = check.problems({"count": ["x" * 5000] * 50}, Outer)
    assert len(problem) < 400


def test_numbers_stand_for_texts_and_whole_numbers_for_numbers():
    built = check.build({"kind": "b", "map": {1: {2: 3}}, "files": 7, "inner": {"rate": 1, "words": [5]}}, Outer)
    assert built == Outer(kind="b", map={"1": {"2": "3"}}, files="7", inner=Inner(1.0, ["5"]))
    assert isinstance(built.inner.rate, float)


def test_usable_leaves_out_what_does_not_fit():
    raw = {
        "count": "x",
        "flag": True,
        "nope": 1,
        "inner": {"rate": 0.25, "words": 3},
        "named": {"a": 3, "b": {"rate": 0}},
    }
    assert check.usable(raw, Outer) == {"flag": True, "inner": {"rate": 0.25}, "named": {"b": {"rate": 0}}}


@FEW
@given(configurations(TrainConfig))
def test_a_valid_configuration_passes_and_comes_back(config):
    raw = asdict(config)
    assert list(check.problems(raw, TrainConfig)) == []
    assert check.usable(raw, TrainConfig) == raw
    assert check.build(raw, TrainConfig) == config


@FEW
@given(configurations(TrainConfig))
def test_a_run_folder_keeps_a_configuration_as_it_was(config):
    kept = yaml.safe_load(yaml.safe_dump(asdict(config), allow_unicode=True, sort_keys=False))
    assert check.build(kept, TrainConfig) == config


@FEW
@given(
    configurations(TrainConfig),
    st.sampled_from(scalars(TrainConfig)),
    st.sampled_from([None, [], {"a": 1}, [3], object()]),
)
def test_one_spoilt_value_is_one_problem_at_its_place(config, path, value):
    raw = asdict(config)
    _put(raw, path, value)
    (problem,) = check.problems(raw, TrainConfig)
    assert problem.startswith(f"{'.'.join(path)}: expected ")


_ANY = st.sampled_from([None, 3, -1.5, "x", True, [], ["a"], [[1]], {}, {"a": 1}, {"a": {"b": [2]}}, [{"train": 3}]])


@FEW
@given(configurations(TrainConfig), st.data())
def test_spoilt_sections_never_end_in_a_traceback(config, data):
    raw = asdict(config)
    for _ in range(3):
        node = raw
        while True:
            key = data.draw(st.sampled_from(sorted(node)))
            if not (isinstance(node[key], dict) and node[key]) or data.draw(st.booleans()):
                node[key] = copy.deepcopy(data.draw(_ANY))
                break
            node = node[key]
    wrong = set(check.problems(raw, TrainConfig))
    assert wrong <= set(_refusal(raw))


def _refusal(raw):
    try:
        typed(raw)
    except ConfigError as error:
        return error.problems
    return []


def _put(raw, path, value):
    for key in path[:-1]:
        raw = raw[key]
    raw[path[-1]] = value
