from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xinyi.tracking.flatten import KEY_LENGTH, PARAM_LENGTH, clean_key, flatten, pieces


def test_nested_settings_become_dotted_keys():
    flat = flatten({"a": {"b": {"c": 1}, "empty": {}}, "list": ["甲", 2], "none": None, "on": True, "text": "消息"})
    assert flat == {
        "a.b.c": "1",
        "a.empty": "{}",
        "list": '["甲", 2]',
        "none": "null",
        "on": "true",
        "text": "消息",
    }


def test_long_values_are_cut_at_mlflows_limit_and_show_it():
    cut = flatten({"long": "长" * 7000, "fits": "x" * PARAM_LENGTH})
    assert len(cut["long"]) == PARAM_LENGTH
    assert cut["long"].endswith("…")
    assert cut["fits"] == "x" * PARAM_LENGTH


def test_our_limits_are_those_that_mlflow_checks():
    from mlflow.utils import validation as theirs

    from xinyi.tracking import flatten as ours

    assert ours.KEY_LENGTH <= theirs.MAX_ENTITY_KEY_LENGTH
    assert ours.PARAM_LENGTH <= theirs.MAX_PARAM_VAL_LENGTH
    assert ours.TAG_LENGTH <= theirs.MAX_TAG_VAL_LENGTH
    assert ours.PARAMS_PER_CALL <= theirs.MAX_PARAMS_TAGS_PER_BATCH
    assert ours.METRICS_PER_CALL <= theirs.MAX_METRICS_PER_BATCH


def test_passwords_in_addresses_do_not_become_parameters():
    flat = flatten({"tracking": {"uri": "http://me:geheim@host:5000/x"}, "list": ["postgresql://a:b@db/x"]})
    assert flat == {"tracking.uri": "http://host:5000/x", "list": '["postgresql://db/x"]'}


@given(st.text(min_size=1, max_size=400))
def test_mlflow_takes_every_cleaned_name(name: str):
    from mlflow.utils.validation import _validate_length_limit, _validate_metric_name, _validate_param_name

    clean = clean_key(name)
    _validate_metric_name(clean)
    _validate_param_name(clean)
    _validate_length_limit("key", KEY_LENGTH, clean)


def test_long_names_stay_apart():
    assert clean_key("k" * 300 + "a") != clean_key("k" * 300 + "b")


def test_good_names_stay_as_they_are():
    assert clean_key("test/意图/macro_f1.low") == "test/意图/macro_f1.low"


def test_pieces_cover_everything_in_order():
    assert [list(piece) for piece in pieces([1, 2, 3, 4, 5], 2)] == [[1, 2], [3, 4], [5]]
