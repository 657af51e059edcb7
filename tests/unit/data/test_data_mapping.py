"""Labels on their way in: renamed, merged, dropped, stars to levels; constants for what files lack."""

from __future__ import annotations

import pytest
from data_rows import labelled
from hypothesis import given
from hypothesis import strategies as st

from xinyi.data.cells import BadCellError
from xinyi.data.mapping import stars_to_level
from xinyi.errors import DataError
from xinyi.tasks import Label, TaskSpec

LEVELS = ("低", "中低", "中", "中高", "高")
FIVE = TaskSpec("mood", "ordinal", tuple(map(Label, LEVELS)))


@pytest.mark.parametrize(
    ("cell", "level"),
    [(1, "低"), (5.0, "高"), ("4星", "中高"), ("4/5", "中高"), ("★★☆☆☆", "中低"), ("⭐️⭐️⭐️", "中"), ("三星", "中"),
     ("2 stars", "中低"), (4.5, "高"), (1.5, "低"), ("5分", "高")],
)  # fmt: skip
def test_ways_to_write_stars(cell, level):
    assert stars_to_level(cell, 5, LEVELS) == level


@pytest.mark.parametrize("blank", [None, "", " "])
def test_no_stars(blank):
    assert stars_to_level(blank, 5, LEVELS) is None


@pytest.mark.parametrize("cell", [0, 6, "很好", "5星6", "-1", ["1"], "100", "4/10"])
def test_no_number_of_stars(cell):
    with pytest.raises(BadCellError):
        stars_to_level(cell, 5, LEVELS)


def test_five_stars_over_three_levels():
    assert [stars_to_level(i, 5, "低中高") for i in range(1, 6)] == ["低", "低", "中", "高", "高"]
    assert [stars_to_level(i, 10, LEVELS) for i in range(1, 11)] == [level for level in LEVELS for _ in "ab"]


@given(st.integers(2, 100), st.integers(2, 9))
def test_levels_rise_with_the_stars_and_mirror(most, count):
    levels = "abcdefghi"[:count]
    places = [levels.index(stars_to_level(i, most, levels)) for i in range(1, most + 1)]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, count - 1)
    if count % 2 or most % 2 == 0:  # else one star lies in the middle of an even number of levels
        assert places == [count - 1 - place for place in reversed(places)]


def column(data, task="intent"):
    return sorted(x for table in data.splits.values() for x in table[f"label.{task}"].to_pylist())


def test_stars_of_a_declared_task(jsonl, loaded):
    jsonl(labelled(40, (1, 2, 3, 4)))
    data = loaded(labels={"mood": "label"}, stars={"mood": 4}, tasks=[FIVE])
    assert set(column(data, "mood")) == {"低", "中低", "中高", "高"}


def test_stars_make_a_task_of_its_own_ordinal(jsonl, loaded, refused):
    jsonl(labelled(40, ("5星", "1星", "3星")))
    (task,) = loaded(stars={"intent": 5}).tasks
    assert (task.kind, task.label_ids) == ("ordinal", ("1", "3", "5"))
    (problem,) = refused(stars={"intent": 4})
    assert "no number of stars from 1 to 4 in 14 row(s)" in problem


def test_rename_and_merge(jsonl, loaded):
    jsonl(labelled(30, ("差评", "好评", "追评")))
    data = loaded(map={"intent": {"差评": "bad", "好评": "good", "追评": "good"}})
    assert column(data) == ["bad"] * 10 + ["good"] * 20


def test_drop_leaves_rows_out_and_says_so(jsonl, loaded):
    jsonl(labelled(40, ("投诉", "咨询", "广告", "广告")))
    jsonl(labelled(4, ("投诉", "广告")), "test.jsonl")
    data = loaded(drop={"intent": ["广告", "广吿"]}, test=("test.jsonl",), map={"intent": {"投诉": "complaint"}})
    assert column(data) == ["complaint"] * 12 + ["咨询"] * 10
    train, test = data.summary["sources"]
    assert [(s["rows"], s["used"], s["dropped"], s["empty"]) for s in (train, test)] == [(40, 20, 20, 0), (4, 2, 2, 0)]
    assert "train.jsonl: 20 row(s) left out with label '广告' (data.drop.intent)" in data.summary["problems"]
    assert "data.drop.intent: no row has the label '广吿'" in data.summary["problems"]


def test_drop_of_rows_with_several_labels(jsonl, loaded):
    jsonl(labelled(40, (["a", "b"], ["a"], [], ["b", "x"])))
    data = loaded(drop={"intent": ["x"]}, kinds={"intent": "multi"})
    assert sum(map(len, data.splits.values())) == 30


def test_constants(jsonl, loaded):
    jsonl(labelled(20))
    data = loaded(constants={"channel": "review", "shop": "3"}, meta=("shop",), group="shop", validation_share=0.0,
                  test_share=0.0)  # fmt: skip
    table = data.splits["train"]
    assert (set(table["meta.channel"].to_pylist()), set(table["meta.shop"].to_pylist())) == ({"review"}, {"3"})


def test_a_constant_is_no_column_of_the_file(jsonl, refused):
    jsonl(labelled(20))
    (problem,) = refused(constants={"label": "x"})
    assert "constants beside the file's columns, got its column 'label'" in problem


def test_rows_of_every_format_are_counted(tmp_path, loaded):
    (tmp_path / "train.csv").write_text("text,label\n" + "".join(f"第{i}条,{i % 2}\n" for i in range(300)) + " ,1\n")
    (source,) = loaded("train.csv").summary["sources"]
    assert (source["rows"], source["used"], source["empty"]) == (301, 300, 1)


def test_a_file_that_changes_while_it_is_read(jsonl, loaded, monkeypatch, tmp_path):
    from xinyi.data import files

    jsonl(labelled(30))
    before = files.drop_rows

    def change(found, warnings):
        jsonl(labelled(20))
        return before(found, warnings)

    monkeypatch.setattr(files, "drop_rows", change)
    with pytest.raises(DataError, match="a file that stays as it is"):
        loaded()
