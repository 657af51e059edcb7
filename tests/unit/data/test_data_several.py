"""Columns that nobody described: which cells hold several labels, and what is said where it is not sure."""

from __future__ import annotations

import pytest
from data_rows import labelled

EMOTIONS = ("愤怒", "委屈", "喜悦", "感激", "愤怒、委屈", "喜悦，感激", "感激、喜悦", "委屈,愤怒")
PATHS = ("售后|退款", "售后|换货", "售后|维修", "订单|查询", "其他")


def kind(data):
    (task,) = data.tasks
    assert data.summary["tasks"] == {"intent": {"kind": task.kind, "labels": len(task.labels)}}
    return task.kind


def said(data):
    return [text for text in data.summary["problems"] if "data.kinds.intent" in text]


def test_commas_between_labels_mean_several(table_file, loaded):
    table_file(labelled(80, EMOTIONS))
    data = loaded("train.csv", validation_share=0.0, test_share=0.0)
    assert kind(data) == "multi"
    assert data.tasks[0].label_ids == ("喜悦", "委屈", "感激", "愤怒")
    found = data.splits["train"]["label.intent"].to_pylist()[:8]
    assert found[4:] == [["愤怒", "委屈"], ["喜悦", "感激"], ["感激", "喜悦"], ["委屈", "愤怒"]]
    assert said(data) == []


def test_parts_that_only_stand_in_lists_are_labels_too(table_file, loaded):
    table_file(labelled(80, ("愤怒、委屈", "委屈、失望", "失望、愤怒")))
    assert kind(loaded("train.csv")) == "multi"


@pytest.mark.parametrize(("labels", "count"), [(("退、换货", "咨询"), 0), (("退、换货", "退", "咨询,投诉", "表扬"), 1)])
def test_commas_inside_names_do_not(table_file, loaded, labels, count):
    """Where a part stands elsewhere too, the setting that decides is named."""
    table_file(labelled(80, labels))
    data = loaded("train.csv")
    assert kind(data) == "single"
    assert data.tasks[0].label_ids == tuple(sorted(labels))
    assert len(said(data)) == (count > 0)
    assert all(f"{count} label(s) hold" in text and "data.kinds.intent=multi" in text for text in said(data))


def test_what_is_told_or_mapped_as_a_whole_is_not_asked(table_file, loaded):
    table_file(labelled(80, EMOTIONS))
    told = loaded("train.csv", kinds={"intent": "single"})
    assert (kind(told), said(told)) == ("single", [])
    names = {text: text for text in EMOTIONS[4:]}
    assert kind(loaded("train.csv", map={"intent": names})) == "single"


def test_a_stray_separator_is_named(table_file, loaded):
    rows = labelled(300)
    rows[6]["label"] = "咨询;"
    table_file(rows)
    data = loaded("train.csv")
    assert kind(data) == "multi"
    (text,) = said(data)
    assert "train.csv: 1 cell(s) of intent hold a separator, which others do not: row 8; mend them" in text
    assert "data.kinds.intent=single" in text


def test_nothing_after_a_separator_is_named(table_file, loaded):
    table_file(labelled(60, ("咨询;投诉", "投诉；", "表扬")))
    (text,) = said(loaded("train.csv"))
    assert "20 cell(s) of intent hold a separator with nothing before or after it: rows 3, 6" in text


def test_paths_are_noticed(table_file, loaded):
    table_file(labelled(60, PATHS))
    (text,) = said(loaded("train.csv"))
    assert "as the steps of a path do; set data.kinds.intent=single" in text


PLAIN = [("愤怒|委屈", "委屈|愤怒", "愤怒"), ("愤怒|委屈", "喜悦|感激", "失望"), (["愤怒"], ["愤怒", "委屈"], ["委屈"])]


@pytest.mark.parametrize("labels", PLAIN)
def test_nothing_is_said_of_plain_lists(jsonl, loaded, labels):
    jsonl(labelled(60, labels))
    data = loaded()
    assert (kind(data), said(data)) == ("multi", [])
