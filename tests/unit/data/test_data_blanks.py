"""Blank cells lack the label; where many are blank, it is said how none of the labels is written."""

from __future__ import annotations

import pytest
from data_rows import labelled


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (("愤怒|委屈", "", "委屈"), True),
        (("愤怒|委屈", "", "委屈", "[]"), False),
        (("愤怒|委屈", *["委屈"] * 18, ""), False),
        (("愤怒", "", "委屈"), False),
    ],
)
def test_many_blanks_of_a_multi_task(table_file, loaded, labels, said):
    table_file(labelled(60, labels))
    found = [text for text in loaded("train.csv").summary["problems"] if "blank" in text]
    assert len(found) == said
    assert not said or "intent: 20 of 60 training cells are blank, which means unlabelled, and none is []" in found[0]


def test_rows_left_out_are_not_blank(table_file, loaded):
    table_file(labelled(60, ("愤怒|委屈", "广告", "委屈")))
    problems = loaded("train.csv", drop={"intent": ["广告"]}).summary["problems"]
    assert not any("blank" in text for text in problems)
    assert any("20 row(s) left out" in text for text in problems)
