"""Made splits: decided by content, stable when rows are added, groups and duplicates together, labels kept."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.data.prepare import row_id
from xinyi.data.splits import make_splits
from xinyi.errors import DataError
from xinyi.tasks import Label, TaskSpec

TASK = TaskSpec("t", "single", tuple(map(Label, "abc")))
MULTI = TaskSpec("m", "multi", tuple(map(Label, "xyz")))
SHARES = {"test": 0.1, "validation": 0.1}


def table(labels, texts=None, groups=None, multi=None):
    texts = texts or [f"text {i}" for i in range(len(labels))]
    columns = {
        "id": pa.array([row_id(text, "") for text in texts]),
        "label.t": pa.array(labels, pa.string()),
        "group": pa.array(groups or [None] * len(labels), pa.string()),
        "row": pa.array(range(len(labels))),
    }
    if multi:
        columns["label.m"] = pa.array(multi, pa.list_(pa.string()))
    return pa.table(columns)


def where(splits):
    return {row: name for name, part in splits.items() for row in part["row"].to_pylist()}


def test_shares_and_proportions():
    labels = ["a"] * 8000 + ["b"] * 2000
    splits = make_splits(table(labels), {"test": 0.1, "validation": 0.2}, [TASK], 7)
    assert 900 < len(splits["test"]) < 1100
    assert 1850 < len(splits["validation"]) < 2150
    for part in splits.values():
        assert abs(Counter(part["label.t"].to_pylist())["b"] / len(part) - 0.2) < 0.04


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("abc"), min_size=12, max_size=200), st.integers(0, 3))
def test_every_row_once_no_split_empty_and_no_label_lost(labels, seed):
    splits = make_splits(table(labels), SHARES, [TASK], seed)
    assert sorted(where(splits)) == list(range(len(labels)))
    assert all(len(part) for part in splits.values())
    assert set(splits["train"]["label.t"].to_pylist()) == set(labels)


def test_adding_rows_moves_no_old_row():
    labels = ["abc"[i % 3] for i in range(600)]
    before = where(make_splits(table(labels[:300]), SHARES, [TASK], 7))
    after = where(make_splits(table(labels), SHARES, [TASK], 7))
    assert {row: after[row] for row in before} == before


def test_the_order_of_rows_does_not_matter():
    labels = ["abc"[i % 3] for i in range(200)]
    rows = table(labels)
    one, two = make_splits(rows, SHARES, [TASK], 7), make_splits(rows.take(list(range(199, -1, -1))), SHARES, [TASK], 7)
    assert where(one) == where(two)


def test_the_seed_decides():
    labels = ["abc"[i % 3] for i in range(200)]
    assert where(make_splits(table(labels), SHARES, [TASK], 7)) != where(make_splits(table(labels), SHARES, [TASK], 8))


def test_a_test_split_stays_when_validation_files_appear():
    rows = table(["abc"[i % 3] for i in range(300)])
    both, alone = make_splits(rows, SHARES, [TASK], 7), make_splits(rows, {"test": 0.1}, [TASK], 7)
    assert both["test"].equals(alone["test"])


def test_duplicates_and_groups_stay_together():
    texts = [f"text {i % 50}" for i in range(200)]
    placed = where(make_splits(table(["ab"[i % 2] for i in range(200)], texts), SHARES, [TASK], 7))
    assert all(placed[i] == placed[i % 50] for i in range(200))
    groups = [f"customer {i // 10}" if i < 150 else None for i in range(200)]
    placed = where(make_splits(table(["ab"[i % 2] for i in range(200)], groups=groups), SHARES, [TASK], 7))
    assert all(placed[i] == placed[i // 10 * 10] for i in range(150))
    assert len({placed[i] for i in range(150)}) > 1
    assert len({placed[i] for i in range(150, 200)}) > 1


@pytest.mark.parametrize(("groups", "unit"), [(["新客", "老客"] * 20, "groups"), (None, "rows")])
def test_too_few_to_split_says_of_what(groups, unit):
    small = table(["ab"[i % 2] for i in range(40)] if groups else ["a", "b"], groups=groups)
    with pytest.raises(DataError, match=f"enough {unit} to make a test split, got 2") as caught:
        make_splits(small, SHARES, [TASK], 7)
    assert ("choose a data.group with more values" in str(caught.value)) == (unit == "groups")


def test_rare_labels_of_every_task_stay_in_training():
    labels = ["a"] * 298 + ["b", None]
    multi = [["x"]] * 150 + [[]] * 147 + [None, ["x", "y"], ["z"]]
    for seed in range(30):
        train = make_splits(table(labels, multi=multi), SHARES, [TASK, MULTI], seed)["train"]
        assert "b" in train["label.t"].to_pylist()
        kept = {label for value in train["label.m"].to_pylist() for label in value or ()}
        assert kept == {"x", "y", "z"}
