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
        ("a.txt", b"\xff\xfe\x00", "UTF-8"),
        ("a.txt.xz", b"no archive", "unpack"),
        ("a.jsonl", b'{"other": "x"}', "line 1"),
        ("a.jsonl", b'{"text": 3}', "int"),
        ("a.jsonl", b"[", "line 1"),
    ],
)
def test_unusable_files_say_where_and_what(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=told):
        list(sources.passages(tmp_path / name, "text"))
