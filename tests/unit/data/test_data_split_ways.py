"""Splits with exact shares of every label, and splits by time."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from data_rows import labelled
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.data.prepare import row_id
from xinyi.data.stratified import stratified_splits
from xinyi.data.time_split import time_splits
from xinyi.data.times import read_time
from xinyi.errors import DataError
from xinyi.tasks import Label, TaskSpec

MULTI = TaskSpec("m", "multi", tuple(map(Label, "xyz")))
SHARES = {"test": 0.2, "validation": 0.1}


def table(labels: list[Any], groups: list[str] | None = None, times: list[str | None] | None = None) -> pa.Table:
    count = len(labels)
    return pa.table(
        {
            "id": pa.array([row_id(f"text {i}", "") for i in range(count)]),
            "label.m": pa.array(labels, pa.list_(pa.string())),
            "group": pa.array(groups or [None] * count, pa.string()),
            "row": pa.array(range(count)),
            "meta.time": pa.array(times or [None] * count, pa.string()),
        }
    )


def counts(part: pa.Table) -> Counter[str]:
    return Counter(label for labels in part["label.m"].to_pylist() for label in labels)


def where(splits: dict[str, pa.Table]) -> dict[int, str]:
    return {row: name for name, part in splits.items() for row in part["row"].to_pylist()}


def test_every_label_has_its_share_to_the_row():
    labels = [[name for name, every in (("x", 2), ("y", 5), ("z", 20)) if i % every == 0] for i in range(400)]
    splits = stratified_splits(table(labels), SHARES, [MULTI], 7)
    whole = counts(table(labels))
    for name, share in {**SHARES, "train": 0.7}.items():
        found = counts(splits[name])
        assert all(abs(found[label] - share * whole[label]) <= 2 for label in whole)
        assert abs(len(splits[name]) - share * 400) <= 4


def test_the_order_of_rows_decides_nothing():
    rows = table([["x"], ["y"], ["x", "z"], []] * 30)
    forth, back = (
        where(stratified_splits(part, SHARES, [MULTI], 7)) for part in (rows, rows.take(list(range(119, -1, -1))))
    )
    assert forth == back


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from("xyz"), max_size=3, unique=True), min_size=30, max_size=120))
def test_every_row_once_and_groups_together(labels: list[list[str]]):
    groups = [f"g{i // 3}" for i in range(len(labels))]
    splits = stratified_splits(table(labels, groups), SHARES, [MULTI], 7)
    place = where(splits)
    assert sorted(place) == list(range(len(labels)))
    assert all(len({place[i] for i in range(len(labels)) if groups[i] == group}) == 1 for group in set(groups))


def _days(count: int) -> list[str]:
    return [f"2026-0{1 + i // 28}-{1 + i % 28:02}T10:00" for i in range(count)]


def test_the_newest_rows_are_the_test_split():
    splits, cuts = time_splits(table([["x"]] * 100, times=_days(100)), SHARES, [MULTI], "meta.time", {})
    assert {name: (min(p), max(p)) for name, part in splits.items() if (p := part["row"].to_pylist())} == {
        "train": (0, 69),
        "validation": (70, 79),
        "test": (80, 99),
    }
    assert cuts == {"test": "2026-03-25T10:00:00", "validation": "2026-03-15T10:00:00"}


def test_given_cuts_stay_when_newer_rows_come():
    cuts = {"validation": "2026-03-01", "test": "2026-03-15"}
    few, more = (where(time_splits(table([["x"]] * n, times=_days(n)), SHARES, [MULTI], "meta.time", cuts)[0])
                 for n in (80, 200))  # fmt: skip
    assert all(more[row] == name for row, name in few.items())


def test_a_group_goes_where_its_newest_row_goes():
    groups = [f"g{i % 20}" if i % 5 == 0 else None for i in range(100)]
    splits, cuts = time_splits(table([["x"]] * 100, groups, _days(100)), SHARES, [MULTI], "meta.time", {})
    place = where(splits)
    assert all(len({place[i] for i in range(100) if groups[i] == group}) == 1 for group in set(groups) - {None})
    newest = max(read_time(_days(100)[i]) for i in place if place[i] == "train")
    assert newest < read_time(cuts["validation"])


@pytest.mark.parametrize(
    ("times", "cuts", "part"),
    [
        ([None] * 20 + _days(20), {}, "a time in nearly every row"),
        (_days(40), {"validation": "2026-02-09", "test": "2026-02-01"}, "older than test rows"),
        (_days(40), {"test": "soon"}, "data.test_from"),
        (_days(40), {"test": "2031-01-01"}, "rows for the test split"),
    ],
)
def test_what_cannot_be_split_by_time(times: list[str | None], cuts: dict[str, str], part: str):
    with pytest.raises(DataError, match=part):
        time_splits(table([["x"]] * 40, times=times), SHARES, [MULTI], "meta.time", cuts)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02", 86400),
        ("1970-01-01T01:00:30", 3630),
        ("1970/1/1 01:00", 3600),
        ("1970/1/1 1:00:30", 3630),
        ("1970年1月2日 1:00", 90000),
        ("1970年1月2日", 86400),
        ("1970-01-01T08:00:00+08:00", 0),
        ("1700000000", 1_700_000_000),
        ("1700000000500", 1_700_000_000.5),
        ("2026-13-01", None),
        ("12345", None),
        ("昨天", None),
        (None, None),
    ],
)
def test_times(text: str | None, seconds: float | None):
    assert read_time(text) == seconds


def test_load_splits_by_time_and_says_from_when(jsonl, tmp_path):
    from xinyi.data import DataSettings, SourceSettings, load

    jsonl([row | {"at": at} for row, at in zip(labelled(60), _days(60), strict=True)])
    source = SourceSettings(root=str(tmp_path), train=("train.jsonl",), labels={"intent": "label"}, meta=("at",))
    data = load(DataSettings("mine", (source,), split="time", time="at"), ())
    assert max(data.splits["train"]["row"].to_pylist()) < min(data.splits["validation"]["row"].to_pylist())
    assert set(data.summary["split_from"]) == {"validation", "test"}
