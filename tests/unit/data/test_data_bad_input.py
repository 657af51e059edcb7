"""Bad input to `load`: each says what was expected, what was got and what to do, all at once and without any text."""

from __future__ import annotations

import pytest
from data_rows import labelled, messages

from xinyi.tasks import Label, TaskSpec

INTENT = TaskSpec("intent", "single", (Label("咨询"), Label("投诉"), Label("表扬")))


def test_missing_files_are_all_reported(jsonl, refused):
    jsonl(labelled(9))
    found = refused(["train.jsonl", "absent1.jsonl"], validation=("absent2.csv",))
    assert [("absent1" in p, "absent2" in p) for p in found] == [(True, False), (False, True)]
    assert all("no such file" in p and "check the path" in p for p in found)


def test_wrong_columns_name_those_found(jsonl, refused):
    jsonl([{"texts": row["text"], "intent": row["label"]} for row in labelled(9)])
    text, channel, label = sorted(refused(meta=("channel",)), key=lambda p: "labels" in p.split(",")[0])
    assert "'text' (data.text)" in text
    assert "columns 'texts', 'intent'" in text
    assert "did you mean 'texts'" in text
    assert "'channel' (data.meta)" in channel
    assert "'label' (data.labels.intent)" in label


def test_a_header_that_is_a_row_shows_no_text(tmp_path, refused):
    lines = [f"{text}{text}{text},咨询" for text in messages(5)]
    (tmp_path / "train.csv").write_text("\n".join(lines), encoding="utf-8")
    (problem, _) = refused("train.csv")
    assert "one of " in problem
    assert "has the file a header?" in problem


def test_personal_data_in_a_header_or_a_label_is_masked(tmp_path, jsonl, refused):
    """A first row that is no header, and a column of numbers taken for labels."""
    (tmp_path / "train.csv").write_text("我叫李明,电话13800138000,退货退款\n好,1,换货\n行,2,换货\n", encoding="utf-8")
    said = "".join(refused("train.csv"))
    assert "'我叫[姓名]', '电话[手机号]', '退货退款'" in said
    jsonl([*labelled(30), {"text": "好", "label": "13900000001"}])
    said += "".join(refused(tasks=[INTENT]))
    assert "'[手机号]' in 1 row(s)" in said
    assert "{VALUE: LABEL}" in said
    assert not any(found in said for found in ("李明", "13800138000", "13900000001"))


@pytest.mark.parametrize("tasks", [(), (INTENT,)])
def test_unknown_label_in_validation(jsonl, refused, tasks):
    jsonl(labelled(30))
    jsonl([*labelled(3), {"text": "好", "label": "投拆诉"}, {"text": "行", "label": "投拆诉"}], "v.jsonl")
    (problem,) = refused(validation=("v.jsonl",), tasks=tasks)
    assert "v.jsonl" in problem
    assert "'投拆诉' in 2 row(s): rows 4, 5" in problem
    assert "did you mean '投诉'" in problem
    assert "data.map.intent" in problem


def test_unknown_labels_of_a_declared_task_one_problem_a_value(jsonl, refused):
    jsonl(labelled(30, ("咨询", "投诉", "其它", "闲聊")))
    found = refused(tasks=[INTENT])
    assert ["among '咨询', '投诉', '表扬'" in p for p in found] == [True, False]  # listed once
    assert [("'其它' in 7 row(s)" in p, "'闲聊' in 7 row(s)" in p) for p in found] == [(True, False), (False, True)]


def test_many_unknown_values_are_another_column(jsonl, refused):
    jsonl([{"text": text, "label": text} for text in messages(80)])
    (problem,) = refused(tasks=[INTENT])
    assert "80 other values" in problem


def test_few_empty_texts_are_left_out_and_reported(jsonl, loaded):
    rows = labelled(300)
    rows[7]["text"], rows[99]["text"] = " ", "\u200b\u200b"
    jsonl(rows)
    data = loaded()
    assert sum(map(len, data.splits.values())) == 298
    assert data.summary["problems"][0] == "train.jsonl: 2 row(s) with an empty text left out: rows 8, 100"
    assert data.summary["sources"][0]["rows"] == 300


@pytest.mark.parametrize("blank", ["", "\u200b"])
def test_many_empty_texts(jsonl, refused, blank):
    rows = labelled(100)
    for i in (3, 5):
        rows[i]["text"] = blank
    jsonl(rows)
    (problem,) = refused()
    assert "2 of 100: rows 4, 6" in problem


def test_over_a_hundred_empty_texts_are_too_many_whatever_the_share(jsonl, refused):
    rows = labelled(11_000)
    for i in range(101):
        rows[i]["text"] = ""
    jsonl(rows)
    assert "101 of 11000" in refused(mask=False)[0]


def test_bytes_of_no_encoding(tmp_path, refused):
    content = b"text,label\n" + b"".join(f"{t},a\n".encode() + b"\xff\xfe\x80,b\n" for t in messages(2))
    (tmp_path / "train.csv").write_bytes(content)
    (problem,) = refused("train.csv")
    assert "text in UTF-8" in problem
    assert "lines 3, 5" in problem


def test_broken_quotes(tmp_path, refused):
    (tmp_path / "train.csv").write_text('text,label\n"快递,咨询\n空调,投诉\n', encoding="utf-8")
    (problem,) = refused("train.csv")
    assert "unclosed quotes in the row that begins on line 2" in problem


@pytest.mark.parametrize("tasks", [(), (INTENT,)])
def test_all_rows_of_one_label(jsonl, refused, tasks):
    jsonl(labelled(30, ("投诉",)))
    (problem,) = refused(tasks=tasks)
    assert "at least two different labels in the training rows, got only '投诉'" in problem


@pytest.mark.parametrize("tasks", [(), (INTENT,)])
def test_no_row_with_a_label(jsonl, refused, tasks):
    jsonl(labelled(30, (None, "", " ")))
    (problem,) = refused(tasks=tasks)
    assert "labelled training rows, got none" in problem


def test_fewer_rows_than_labels(jsonl, refused):
    jsonl(labelled(4, (["a", "b"], ["c"], ["d", "e"], ["f"])))
    (problem,) = refused()
    assert "got 4 rows and 6 labels" in problem


def test_more_than_a_thousand_labels(jsonl, refused):
    jsonl([{"text": text, "label": text} for text in messages(1001)])
    (problem,) = refused()
    assert "at most 1000 labels, got 1001" in problem


def test_duplicate_columns(tmp_path, refused):
    (tmp_path / "train.csv").write_text("text,label,label\n快递,咨询,投诉\n", encoding="utf-8")
    (problem,) = refused("train.csv")
    assert "'label' more than once" in problem


def test_numbers_in_the_text_column(jsonl, table_file, refused):
    rows = labelled(9)
    rows[2]["text"], rows[4]["text"], rows[5]["text"], rows[6]["text"] = 12, None, True, ["a"]
    jsonl(rows)
    (problem,) = refused()
    assert "lists and nothing and numbers and true or false in 4 row(s): rows 3, 5, 6, 7" in problem
    table_file([{"text": f"{i}.5", "label": "ab"[i % 2]} for i in range(9)])
    (problem,) = refused("train.csv")
    assert "numbers in the text column, in all 9 rows" in problem


def test_text_column_as_label_column(jsonl, refused):
    jsonl(labelled(9))
    (problem,) = refused(labels={"intent": "text"})
    assert "'text' for both" in problem


def test_cells_that_hold_no_label(jsonl, refused):
    jsonl([*labelled(9), {"text": "好", "label": {"a": 1}}, {"text": "行", "label": ["投诉", "咨询"]}])
    found = refused(kinds={"intent": "single"})
    assert ["object" in p for p in found] == [True, False]
    assert "several labels where the task takes one in 1 row(s): row 11" in found[1]


def test_a_context_must_be_text(jsonl, refused):
    jsonl([{**row, "before": before} for row, before in zip(labelled(4), (None, "a", ["a", "b"], 3), strict=True)])
    (problem,) = refused(context="before")
    assert "1 row(s): row 4" in problem


def test_ordinal_labels_without_an_order(jsonl, refused):
    jsonl(labelled(9, ("low", "high", "middle")))
    (problem,) = refused(kinds={"intent": "ordinal"})
    assert "data.order.intent" in problem
    found = refused(order={"intent": ("low", "hihg")})
    assert ["'high'" in p for p in found] == [True, False]
    assert "did you mean 'hihg'" in found[0]


def test_tasks_without_a_column(jsonl, refused):
    jsonl(labelled(9))
    other = TaskSpec("emotion", "multi", (Label("joy"),))
    (problem,) = refused(tasks=[INTENT, other])
    assert "data.labels.emotion" in problem
    assert "leave 'emotion' out of task=" in problem
    assert "at least one task" in refused(labels={})[0]


def test_header_only_and_settings(tmp_path, refused):
    (tmp_path / "train.csv").write_text("text,label\n")
    found = refused("train.csv", test_share=0.9, validation_share=0.4)
    assert ["leave rows for training" in p for p in found] == [True, False]
    assert "a header only" in found[1]
    assert "training file(s), got none" in refused(())[0]


def test_everything_at_once(jsonl, table_file, tmp_path, refused):
    jsonl([*labelled(20), {"text": "好", "label": "未知"}])
    table_file([{"texts": "好", "label": "咨询"}], "v.csv")
    (tmp_path / "t.jsonl").write_text("{broken\n", encoding="utf-8")
    found = refused(tasks=[INTENT], validation=("v.csv",), test=("t.jsonl", "absent.csv"))
    assert len(found) == 4
    assert all(any(name in p for p in found) for name in ("v.csv", "t.jsonl", "absent.csv", "'未知'"))


def test_too_few_rows_to_split(jsonl, refused):
    jsonl(labelled(2))
    assert "enough rows to make a test split" in refused()[0]
