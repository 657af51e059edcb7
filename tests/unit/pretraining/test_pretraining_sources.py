"""Reading raw text."""

from __future__ import annotations

import gzip
import json
import lzma

import pytest

from xinyi.errors import DataError
from xinyi.pretraining import sources


def test_reads_plain_and_compressed_alike(tmp_path):
    (tmp_path / "a.txt").write_text("一\n\n二\n", encoding="utf-8")
    with lzma.open(tmp_path / "b.txt.xz", "wt", encoding="utf-8") as file:
        file.write("一\n二\n")
    with gzip.open(tmp_path / "c.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps({"body": text}) + "\n" for text in "一二")
    found = sources.resolve([str(tmp_path / "*")])
    assert [sources.name(path) for path in found] == ["a", "b", "c"]
    assert all([t.strip() for t in sources.passages(path, "body")] == ["一", "二"] for path in found)


def test_names_every_problem_at_once(tmp_path):
    (tmp_path / "a.txt").write_text("一", encoding="utf-8")
    (tmp_path / "a.jsonl").write_text("{}", encoding="utf-8")
    (tmp_path / "b.pdf").write_text("x", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        sources.resolve([str(tmp_path / "*"), str(tmp_path / "none*.txt")])
    text = str(caught.value)
    assert "one file a source name" in text
    assert "b.pdf" in text
    assert "none*.txt" in text


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.txt", "好的\n".encode() + b"\xff\xfd\x81\n", "line 2"),
        ("a.txt.xz", b"no archive", "readable file"),
        ("a.jsonl", b'{"other": "x"}', "row 1"),
        ("a.jsonl", b'{"text": 3}', "row 1"),
        ("a.jsonl", b"[", "line 1"),
    ],
)
def test_unusable_files_say_where_and_what(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=told):
        list(sources.passages(tmp_path / name, "text"))


def test_reads_a_column_of_any_table(tmp_path):
    (tmp_path / "a.csv").write_text("id,内容\n1,退款\n2,\n3,换货\n", encoding="gb18030")
    assert list(sources.passages(tmp_path / "a.csv", "内容")) == ["退款", "换货"]
