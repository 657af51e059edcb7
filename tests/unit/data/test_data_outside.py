"""Rows that none of a task's labels fits: they lack the label, are marked, and are not learnt from."""

from __future__ import annotations

import pytest
from data_rows import labelled

from xinyi.data import SourceSettings, load_split
from xinyi.data.tokens import targets

OUT = {"validation_share": 0.0, "test_share": 0.0, "outside": {"intent": "OOS"}}


def test_rows_outside_lack_the_label_and_are_marked(jsonl, loaded):
    rows = labelled(12, ["咨询", "投诉", "OOS"])
    data = loaded(jsonl(rows), **OUT)
    assert set(data.tasks[0].label_ids) == {"咨询", "投诉"}
    train = data.splits["train"]
    labels, marks = train["label.intent"].to_pylist(), train["meta.outside.intent"].to_pylist()
    assert labels.count(None) == marks.count("yes") == 4
    assert all((label is None) == (mark == "yes") for label, mark in zip(labels, marks, strict=True))
    assert (targets(train, data.tasks)["intent"] == -1).sum() == 4


def test_a_label_that_only_the_test_rows_have(jsonl, loaded, refused):
    train, test = labelled(20), labelled(10, ["咨询", "OOS"])
    files = {"test": (jsonl(test, "test.jsonl"),), "validation_share": 0.0}
    assert "OOS" in " ".join(refused(jsonl(train), **files))
    data = loaded(jsonl(train), outside={"intent": "OOS"}, **files)
    assert data.splits["test"]["meta.outside.intent"].to_pylist().count("yes") == 5
    assert "OOS" not in data.tasks[0].label_ids


def test_rows_to_be_evaluated_are_marked_too(jsonl, loaded, tmp_path):
    tasks = loaded(jsonl(labelled(20)), validation_share=0.0, test_share=0.0).tasks
    name = jsonl(labelled(6, ["投诉", "OOS"]), "new.jsonl")
    source = SourceSettings(root=str(tmp_path), test=(name,), labels={"intent": "label"}, outside={"intent": "OOS"})
    table = load_split("new", source, tasks).splits["test"]
    assert table["meta.outside.intent"].to_pylist() == [None, "yes"] * 3


@pytest.mark.parametrize("cell", ["OOS", ["OOS"]])
def test_a_label_in_a_list_counts_as_well(jsonl, loaded, cell):
    rows = [{**row, "label": cell if i % 4 == 0 else row["label"]} for i, row in enumerate(labelled(16))]
    table = loaded(jsonl(rows), **OUT).splits["train"]
    assert table["label.intent"].null_count == 4
    assert table["meta.outside.intent"].null_count == 12
