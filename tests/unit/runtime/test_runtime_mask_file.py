"""Masking a column of a file."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from xinyi.errors import DataError
from xinyi.runtime.mask_file import mask_file
from xinyi.runtime.tables import open_input
from xinyi.text import normalize, prepare

NUMBER = "13900139002"
PLANTED = Path(__file__).parents[1] / "text" / "planted.jsonl"


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_cells_are_masked_and_the_rest_stays(tmp_path: Path, suffix: str) -> None:
    source, target = tmp_path / f"in.{suffix}", tmp_path / f"out.{suffix}"
    mark = {"csv": ",", "tsv": "\t"}[suffix]
    rows = [["id", "消息", "note"], ["1", f"我的电话{NUMBER}", NUMBER], ["2", "没有号码，谢谢", ""]]
    source.write_text("".join(mark.join(row) + "\n" for row in rows), encoding="utf-8")
    done, counts = mask_file(source, target, "消息")
    with open(target, encoding="utf-8", newline="") as file:
        found = list(csv.reader(file, delimiter=mark))
    assert found == [rows[0], ["1", "我的电话[手机号]", NUMBER], rows[2]]
    assert (done, counts) == (2, {"mobile": 1})


def test_jsonl_values_are_masked(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps({"text": f"打{NUMBER}", "n": 3}) + "\n" + '{"text": null}\n', encoding="utf-8")
    mask_file(source, target)
    assert [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()] == [
        {"text": "打[手机号]", "n": 3},
        {"text": None},
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in.csv", f"text,note\n{NUMBER},a,surplus\n"),
        ("in.csv", f"body,note\n{NUMBER},a\n"),
        ("in.jsonl", f'{{"text": "好"}}\nbroken {NUMBER}\n'),
        ("in.jsonl", f'{{"body": "{NUMBER}"}}\n'),
    ],
)
def test_what_cannot_be_masked_is_refused_and_nothing_is_written(tmp_path: Path, name: str, content: str) -> None:
    source, target = tmp_path / name, tmp_path / f"out.{name[3:]}"
    source.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match="expected") as caught:
        mask_file(source, target)
    assert NUMBER not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet", "xlsx"])
def test_another_form_of_output_is_masked_as_well(tmp_path: Path, suffix: str) -> None:
    if suffix != "jsonl":
        pytest.importorskip({"parquet": "pyarrow", "xlsx": "openpyxl"}[suffix])
    source, target = tmp_path / "in.csv", tmp_path / f"out.{suffix}"
    source.write_text(f"id,text\n1,打{NUMBER}\n", encoding="utf-8")
    mask_file(source, target)
    with open_input(target) as table:
        assert [row.values["text"] for row in table] == ["打[手机号]"]


def test_numbers_and_turns_are_masked_and_objects_refused(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    values = [int(NUMBER), 5, [f"打{NUMBER}", "好的"], None, True]
    source.write_text("".join(json.dumps({"text": value}) + "\n" for value in values), encoding="utf-8")
    _, counts = mask_file(source, target)
    found = [json.loads(line)["text"] for line in target.read_text(encoding="utf-8").splitlines()]
    assert found == ["[手机号]", 5, ["打[手机号]", "好的"], None, True]
    assert counts == {"mobile": 2}
    source.write_text(json.dumps({"text": {"said": NUMBER}}) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="row 1"):
        mask_file(source, target)


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f"text,text\n打{NUMBER},打{NUMBER}\n", encoding="utf-8")
    with pytest.raises(DataError, match="2 times"):
        mask_file(source, tmp_path / "out.csv")


def test_a_file_without_a_header_shows_no_message(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f"1,我叫张三丰，电话{NUMBER}，你们的空调安装师傅到现在也没有来,投诉\n", encoding="utf-8")
    with pytest.raises(DataError, match="has the file a header") as caught:
        mask_file(source, tmp_path / "out.csv")
    assert not any(part in str(caught.value) for part in (NUMBER, "张三丰", "安装师傅"))


def test_a_carriage_return_in_a_cell_parts_no_row(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes('id,text\n1,"快递\r太慢"\n2,"两\n行"\n'.encode())
    mask_file(source, target)
    with open(target, encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["id", "text"], ["1", "快递\r太慢"], ["2", "两\n行"]]
    assert b"\r\n" not in target.read_bytes()


def masked(folder: Path, texts: list[str]) -> list[str]:
    source, target = folder / "in.jsonl", folder / "out.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    mask_file(source, target)
    return [json.loads(line)["text"] for line in target.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("between", ["", "\u200b", "\xad", "\r\n"])
def test_a_file_is_masked_as_training_would(tmp_path: Path, between: str) -> None:
    """Every planted message, whatever is strewn between its characters."""
    rows = [json.loads(line)["text"] for line in PLANTED.read_text(encoding="utf-8").splitlines()]
    texts = [between.join(re.sub("⟦[a-z_]+:([^⟧]+)⟧", r"\1", row)) for row in rows]
    assert [normalize(text) for text in masked(tmp_path, texts)] == [prepare(text) for text in texts]


def test_the_text_is_left_as_it_is_beside_what_is_masked(tmp_path: Path) -> None:
    """Links, blanks and elongations are nobody's data."""
    texts = ["好好好好好  看https://a.cn @李四\n电话138\u200b0013\u200b8000\u3000急！！！！！", "Ｏ\u200bＫ"]
    assert masked(tmp_path, texts) == ["好好好好好  看https://a.cn @李四\n电话[手机号]\u3000急！！！！！", "Ｏ\u200bＫ"]


def test_what_only_the_cleaned_text_shows_is_masked_in_it(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("text\n电话：⑬800138000！！！！！\n[手机号]是⑬800138000\n", encoding="utf-8")
    assert mask_file(source, target) == (2, {"mobile": 2})
    assert target.read_text(encoding="utf-8") == "text\n电话：[手机号]！！！\n[手机号]是[手机号]\n"


def test_other_encodings_are_masked(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(f"编号,text\n1,我的手机坏了，打{NUMBER}，谢谢\n".encode("gb18030"))
    assert mask_file(source, target) == (1, {"mobile": 1})
    assert target.read_text(encoding="utf-8-sig") == "编号,text\n1,我的手机坏了，打[手机号]，谢谢\n"
