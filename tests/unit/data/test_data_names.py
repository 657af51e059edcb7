"""Labels written by their names, and what is said of those that a task does not have."""

from __future__ import annotations

import pytest
from data_rows import labelled

from xinyi.data.names import written
from xinyi.tasks import Derivation, Label, TaskSpec

WHOLE = {"validation_share": 0.0, "test_share": 0.0}
INTENT = TaskSpec(
    "intent",
    "single",
    (Label("refund", "退款", "money back"), Label("repair", "上门维修", "service"), Label("other", "其他", "service")),
)
FELT = (Label("joy", "喜悦", "joy"), Label("anger", "愤怒", "anger"))
EMOTION = TaskSpec("emotion", "multi", FELT, empty=Label("calm", "平静", "calm"))
LEVELS = TaskSpec("sentiment", "ordinal", (Label("bad", "差"), Label("fair", "中"), Label("good", "好")))


def test_names_that_two_labels_share_are_none():
    names = written(INTENT)
    assert (names["refund"], names["退款"], names["money back"]) == ("refund",) * 3
    assert "service" not in names
    assert written(TaskSpec("t", "single", (Label("a", "b"), Label("b", "a")))) == {"a": "a", "b": "b"}
    assert written(TaskSpec("t", "single", (Label("2.0"), Label("2.1"))))["2"] == "2.0"


def test_cells_may_hold_ids_or_names(table_file, loaded):
    table_file(labelled(40, ("退款", "repair", "其他", "money back")))
    data = loaded("train.csv", tasks=[INTENT], **WHOLE)
    assert data.splits["train"]["label.intent"].to_pylist()[:4] == ["refund", "repair", "other", "refund"]


def test_a_map_comes_before_names_and_leads_to_them(table_file, loaded):
    table_file(labelled(40, ("退款", "坏了", "其他")))
    data = loaded("train.csv", tasks=[INTENT], map={"intent": {"退款": "other", "坏了": "上门维修"}}, **WHOLE)
    assert data.splits["train"]["label.intent"].to_pylist()[:3] == ["other", "repair", "other"]


def test_the_name_of_none_of_the_labels(table_file, loaded):
    table_file(labelled(40, ("平静", "愤怒、喜悦", "joy", "[]")))
    data = loaded("train.csv", tasks=[EMOTION], labels={"emotion": "label"}, **WHOLE)
    assert data.splits["train"]["label.emotion"].to_pylist()[:4] == [[], ["anger", "joy"], ["joy"], []]


def test_a_derived_task_reads_names_of_its_source(table_file, loaded, refused):
    table_file(labelled(40, ("差", "好", "fair")))
    derive = Derivation("sentiment", {"bad": "down", "fair": "down", "good": "up"})
    two = TaskSpec("two", "ordinal", (Label("down"), Label("up")), derive=derive)
    data = loaded("train.csv", tasks=[LEVELS, two], labels={"sentiment": "label"}, **WHOLE)
    assert data.splits["train"]["label.two"].to_pylist()[:3] == ["down", "up", "down"]
    table_file(labelled(40, ("bad", "good", "差差")))
    (problem,) = refused("train.csv", tasks=[two], labels={"sentiment": "label"})
    assert "data.map.sentiment={差差: LABEL}" in problem


def test_labels_are_listed_once_and_near_names_are_named(table_file, refused):
    table_file(labelled(40, ("退款", "上门维休", "什么")))
    table_file(labelled(4, ("上门维休", "refund")), "v.csv")
    found = refused("train.csv", tasks=[INTENT], validation=("v.csv",))
    assert ["among 'refund', 'repair', 'other', or their" in text for text in found] == [True, False, False]
    assert ["did you mean '上门维修'? mend" in text for text in found] == [True, False, True]
    assert "set 'data.map.intent={上门维休: LABEL}'" in found[0]


@pytest.mark.parametrize("label", ["it's", "a,b", "a: b", "{a}", "$HOME"])
def test_a_label_that_no_shell_would_leave_alone_is_not_put_into_a_setting(jsonl, refused, label):
    jsonl(labelled(40, ("refund", "repair", label)))
    assert "'data.map.intent={VALUE: LABEL}'" in refused(tasks=[INTENT])[0]


@pytest.mark.parametrize(
    ("labels", "scale"),
    [(("1", "3", "5"), 5), (("4星", "五星"), 5), (("9.0", "2"), 10), (("1", "高"), None), (("0", "1"), None)],
)
def test_stars_for_levels_are_told_by_one_problem(table_file, refused, labels, scale):
    table_file(labelled(40, labels))
    found = refused("train.csv", tasks=[LEVELS], labels={"sentiment": "label"})
    assert [f"set data.stars.sentiment={scale}" in text for text in found] == ([True] if scale else [False, False])


def test_a_number_beside_levels_that_are_numbers_is_no_star(table_file, refused):
    table_file(labelled(40, ("1", "2", "3")))
    levels = TaskSpec("sentiment", "ordinal", (Label("1"), Label("2")))
    (problem,) = refused("train.csv", tasks=[levels], labels={"sentiment": "label"})
    assert "'3' in 13 row(s)" in problem
