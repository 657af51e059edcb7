"""Masking a column of a file."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from xinyi.errors import DataError
from xinyi.runtime.mask_file import mask_file

NUMBER = "13900139002"


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
