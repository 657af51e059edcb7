"""Label cells, kinds, orders, maps and derived tasks, as `load` gives them."""

from __future__ import annotations

import pytest
from data_rows import labelled

from xinyi.data.cells import SEPARATORS_OF_MULTI, BadCellError, any_of, notice_separator, parse_multi, parse_single
from xinyi.tasks import Derivation, Label, TaskSpec

WHOLE = {"validation_share": 0.0, "test_share": 0.0}
FIVE = ("very_negative", "negative", "neutral", "positive", "very_positive")


def values(data, task="intent"):
    return data.splits["train"][f"label.{task}"].to_pylist()


SINGLE_CELLS = {
    "a": ["a", " a ", ["a"], '["a"]'],
    "5": [5, 5.0, "5", "5.0", " 5.00 "],
    "0": [0, 0.0, "-0.0"],
    "-1": [-1.0, "-1.0"],
    "1.0.0": ["1.0.0"],
    "05.0": ["05.0"],
    "2.5": [2.5],
    "true": [True],
    "[图片]": ["[图片]"],
    "mapped": ["x", ["x"]],
    None: [None, "", "  ", [], [None], "y"],
}
MULTI_CELLS = [
    (["a", "b"], [["a", "b", "a"], '["a", "b"]', "a| b |"]),
    ([], [[], "[]", "none", ["none"]]),
    (["mapped", "5"], [["x", 5], ["x", "5.0"], "x|5.0"]),
    (["mapped"], ["x|y"]),
    (["a;b"], ["a;b"]),
    (["1"], [[1, None]]),
    (None, [None, "", " ", "y"]),
]


@pytest.mark.parametrize("label", SINGLE_CELLS)
def test_single_cells(label):
    for cell in SINGLE_CELLS[label]:
        assert parse_single(cell, {"x": "mapped", "y": ""}) == label


@pytest.mark.parametrize(("labels", "cells"), MULTI_CELLS)
def test_multi_cells(labels, cells):
    for cell in cells:
        assert parse_multi(cell, {"x": "mapped", "y": ""}, "|", "none") == labels


@pytest.mark.parametrize("cell", [["none", "a"], [["a"]], {"a": 1}])
def test_bad_multi_cells(cell):
    with pytest.raises(BadCellError):
        parse_multi(cell, {}, None, "none")


@pytest.mark.parametrize(
    ("labels", "kind", "ids"),
    [
        (("b", "a"), "single", ("a", "b")),
        (("10", "9", "100"), "single", ("9", "10", "100")),
        ((2, 1.0, "10"), "single", ("1", "2", "10")),
        (("nan", "1"), "single", ("1", "nan")),
        ((["b"], [], ["a", "b"]), "multi", ("a", "b")),
        (("a|b", "c"), "multi", ("a", "b", "c")),
        (("a；b", "c"), "multi", ("a", "b", "c")),
        (("退、换货", "咨询"), "single", ("咨询", "退、换货")),
    ],
)
def test_kind_and_order_are_read_off(jsonl, loaded, labels, kind, ids):
    jsonl(labelled(40, labels))
    (task,) = loaded().tasks
    assert (task.kind, task.label_ids) == (kind, ids)


def test_kinds_make_more_separators_noticed(jsonl, loaded):
    jsonl(labelled(40, ("喜悦、感激", "愤怒")))
    data = loaded(kinds={"intent": "multi"}, **WHOLE)
    assert set(data.tasks[0].label_ids) == {"喜悦", "感激", "愤怒"}
    assert values(data)[:2] == [["喜悦", "感激"], ["愤怒"]]


def test_given_separator(jsonl, loaded):
    jsonl(labelled(40, ("a/b", "c")))
    assert values(loaded(separator="/", **WHOLE))[0] == ["a", "b"]


def test_separator_is_the_training_files(jsonl, loaded):
    jsonl(labelled(40, ("a|b", "c")))
    jsonl(labelled(4, ("c", "b|a")), "v.jsonl")
    data = loaded(validation=("v.jsonl",), test_share=0.0)
    assert data.splits["validation"]["label.intent"].to_pylist()[:2] == [["c"], ["b", "a"]]


def test_ordinal_by_number_and_by_order(jsonl, loaded):
    jsonl(labelled(40, (10, 9, 1)))
    (task,) = loaded(kinds={"intent": "ordinal"}).tasks
    assert (task.kind, task.label_ids) == ("ordinal", ("1", "9", "10"))
    jsonl(labelled(40, ("差", "好")))
    data = loaded(order={"intent": ("差", "中", "好")})
    assert (data.tasks[0].kind, data.tasks[0].label_ids) == ("ordinal", ("差", "中", "好"))
    assert any("1 label(s) without a train row" in p and "'中'" in p for p in data.summary["problems"])


def test_map_reads_numbers_as_strings(jsonl, table_file, loaded):
    task = TaskSpec("sentiment", "ordinal", tuple(map(Label, FIVE)))
    mapping = {"sentiment": {str(i + 1): name for i, name in enumerate(FIVE)}}
    jsonl(labelled(40, (5, 1, 3.0)))
    table_file(labelled(40, ("5", "1", "3")))
    for name in ("train.jsonl", "train.csv"):
        data = loaded(name, tasks=[task], labels={"sentiment": "label"}, map=mapping, **WHOLE)
        assert values(data, "sentiment")[:3] == ["very_positive", "very_negative", "neutral"]


def test_whole_numbers_with_and_without_a_fraction_are_one_label(table_file, loaded):
    """pandas writes 3.0 once a cell of the column is blank. The settings may write either way."""
    table_file(labelled(40, ("3.0", "1.0", "", "9.0")))
    table_file(labelled(6, ("3", "1", "9")), "v.csv")
    given = {"validation": ("v.csv",), "test_share": 0.0, "order": {"intent": ("3.0", "1")}}
    data = loaded("train.csv", **given, drop={"intent": ["9"]})
    assert data.tasks[0].label_ids == ("3", "1")
    assert values(data)[:3] == ["3", "1", None]
    assert data.splits["validation"]["label.intent"].to_pylist() == ["3", "1", "3", "1"]
    data = loaded("train.csv", **given, map={"intent": {"9": "1.0"}})
    assert values(data)[:4] == ["3", "1", None, "1"]
    data = loaded("train.csv", **given, outside={"intent": "9"})
    assert data.splits["train"]["meta.outside.intent"].to_pylist()[:4] == [None, None, None, "yes"]


def derived(source, labels, mapping, kind="ordinal"):
    return TaskSpec("derived", kind, tuple(map(Label, labels)), derive=Derivation(source, mapping))


def test_derived_task_without_its_source_task(jsonl, loaded):
    mapping = {"1": "bad", "2": "bad", "3": "good"}
    jsonl(labelled(40, (1, 2, 3, None)))
    data = loaded(tasks=[derived("stars", ("bad", "good"), mapping)], labels={"stars": "label"}, **WHOLE)
    assert values(data, "derived")[:4] == ["bad", "bad", "good", None]
    assert [task.id for task in data.tasks] == ["derived"]


def test_derived_beside_its_source_and_own_column_wins(jsonl, loaded):
    stars = TaskSpec("stars", "ordinal", tuple(map(Label, "123")))
    task = derived("stars", ("bad", "good"), {"1": "bad", "2": "bad", "3": "good"})
    jsonl([{**row, "own": "good"} if i % 2 else {**row, "own": "bad"} for i, row in enumerate(labelled(40, (1, 2, 3)))])
    data = loaded(tasks=[stars, task], labels={"stars": "label"}, **WHOLE)
    assert (values(data, "stars")[:3], values(data, "derived")[:3]) == (["1", "2", "3"], ["bad", "bad", "good"])
    data = loaded(tasks=[task], labels={"stars": "label", "derived": "own"}, **WHOLE)
    assert values(data, "derived")[:3] == ["bad", "good", "bad"]


def test_derived_multi_task(jsonl, loaded):
    task = derived("emotion", ("up", "down"), {"joy": "up", "thanks": "up", "anger": "down"}, "multi")
    jsonl(labelled(40, (["joy", "thanks"], ["anger", "joy"], [])))
    data = loaded(tasks=[task], labels={"emotion": "label"}, **WHOLE)
    assert values(data, "derived")[:3] == [["up"], ["down", "up"], []]


def test_derived_task_checks(jsonl, refused):
    task = derived("stars", ("bad", "good"), {"1": "bad", "2": "bad"})
    jsonl(labelled(40, (1, 2)))
    (problem,) = refused(tasks=[task], labels={"stars": "label"})
    assert "only 'bad'" in problem
    jsonl(labelled(40, (1, 2, 3)))
    assert "'3' in 13 row(s)" in refused(tasks=[task], labels={"stars": "label"})[0]


def test_empty_label_means_none_of_them(table_file, loaded):
    task = TaskSpec("emotion", "multi", (Label("joy"), Label("anger")), empty=Label("calm"))
    table_file(labelled(40, ("calm", "joy|anger", "")))
    data = loaded("train.csv", tasks=[task], labels={"emotion": "label"}, **WHOLE)
    assert values(data, "emotion")[:3] == [[], ["joy", "anger"], None]


def test_declared_labels_that_hold_a_separator_are_not_cut(table_file, loaded):
    task = TaskSpec("intent", "multi", (Label("退、换货"), Label("咨询")))
    table_file(labelled(40, ("退、换货", "咨询,退、换货")))
    assert values(loaded("train.csv", tasks=[task], **WHOLE))[:2] == [["退、换货"], ["咨询", "退、换货"]]


def test_declared_tasks_ignore_other_label_columns(jsonl, loaded):
    jsonl([{**row, "other": row["text"]} for row in labelled(40, ("a", "b"))])
    task = TaskSpec("intent", "single", (Label("a"), Label("b"), Label("c")))
    data = loaded(tasks=[task], labels={"intent": "label", "other": "other"})
    assert data.tasks == (task,)
    assert "label.other" not in data.splits["train"].column_names
    assert any("label(s) without a train row" in problem and "'c'" in problem for problem in data.summary["problems"])


@pytest.mark.parametrize("cell", ["a;b", "a；b", "a; b；"])
def test_signs_that_look_alike_part_labels_alike(cell):
    assert parse_multi(cell, {}, any_of(notice_separator(["x；y"], SEPARATORS_OF_MULTI))) == ["a", "b"]
    assert parse_multi("a、b，c,d", {}, any_of("、")) == ["a", "b", "c", "d"]
    assert parse_multi("a、b，c", {}, any_of("、", ["b，c"])) == ["a", "b，c"]
    assert parse_multi("a;b；c", {}, ";") == ["a", "b；c"]  # a separator that was asked for is taken by the letter


def test_lists_as_pandas_writes_them():
    assert parse_multi("['愤怒', '失望']", {}, None) == ["愤怒", "失望"]
    assert parse_multi("[]", {}, None) == []
    assert parse_single("['愤怒']", {}) == "愤怒"
    assert parse_single("[图片]", {}) == "[图片]"
    assert parse_single("[__import__('os').getcwd()]", {}) == "[__import__('os').getcwd()]"
