"""Reading jsonl, csv and tsv: what is accepted, and every way a file can be broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from xinyi.data.read import find_files, read_rows
from xinyi.errors import DataError


@pytest.fixture
def read(tmp_path: Path):
    def run(name: str, content: bytes | str):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_rows(path))

    return run


@pytest.fixture
def problems(read):
    def run(name: str, content: bytes | str) -> list[str]:
        with pytest.raises(DataError) as caught:
            read(name, content)
        return caught.value.problems

    return run


def test_jsonl_rows_keep_their_line_numbers(read):
    rows = read("a.jsonl", '{"text": "好\u2028的", "label": 5}\n\n{"text": "不好", "label": ["a"]}')
    assert rows == [(1, {"text": "好\u2028的", "label": 5}), (3, {"text": "不好", "label": ["a"]})]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_csv_with_each_line_end(read, ending):
    assert read("a.csv", f"text,label{ending}好的,1{ending}不好,2{ending}") == [
        (2, {"text": "好的", "label": "1"}),
        (3, {"text": "不好", "label": "2"}),
    ]


def test_csv_cells_with_quotes_line_ends_and_separators(read):
    rows = read("a.csv", 'text,label\n"他说""好"",\n然后走了",1\n\n下一条,2\n')
    assert rows == [(2, {"text": '他说"好",\n然后走了', "label": "1"}), (5, {"text": "下一条", "label": "2"})]


def test_tsv(read):
    assert read("a.tsv", "text\tlabel\n你好,在吗\t1\n") == [(2, {"text": "你好,在吗", "label": "1"})]


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", "text,label\n好,1\n"), ("a.jsonl", '{"text": "好", "label": "1"}')]
)
def test_byte_order_mark_is_accepted(read, name, content):
    ((_, row),) = read(name, b"\xef\xbb\xbf" + content.encode())
    assert row == {"text": "好", "label": "1"}


def test_very_long_cells(read):
    long = "长" * 300_000
    assert read("a.csv", f"text,label\n{long},1\n")[0][1]["text"] == long


def test_bytes_of_no_encoding_name_the_lines(problems):
    content = b"text,label\n" + "好的,1\n".encode() * 9 + "你好,1\n".encode("gb18030") * 7
    (problem,) = problems("a.csv", content)
    assert "text in UTF-8" in problem
    assert "7 line(s): lines 11, 12, 13, 14, 15 and 2 more" in problem


def test_broken_json_lines_are_counted_and_named(problems):
    good, deep, huge = '{"text": "a"}', "[" * 100_000, '{"n": ' + "1" * 5000 + "}"
    lines = [good, '{"text": ', "[1]", '{"n": NaN}', deep, huge, "null", "plain"]
    (problem,) = problems("a.jsonl", "\n".join(lines))
    assert "7 line(s): lines 2, 3, 4, 5, 6 and 2 more" in problem
    assert "plain" not in problem


def test_duplicate_json_keys(problems):
    (problem,) = problems("a.jsonl", '{"text": "a"}\n{"text": "b", "text": "c", "label": 1}\n')
    assert "'text' more than once in line 2" in problem


def test_every_kind_of_broken_csv_row_at_once(problems):
    found = problems("a.csv", 'text,label\n"你"好,1\n好,1\n好,1,2\n好\n"没有完,1\n好,1\n')
    assert [p.split(", got ")[1].split(";")[0] for p in found] == [
        "broken or unclosed quotes in the row that begins on lines 2, 6",
        "fewer in 1 row(s), which begin on line 5",
        "more in 1 row(s), which begin on line 4",
    ]


def test_duplicate_columns(problems):
    (problem,) = problems("a.csv", "text,label,text\na,b,c\n")
    assert "'text' more than once" in problem


def test_another_separator_is_noticed(problems):
    (problem,) = problems("a.csv", "text;label\na;b\n")
    assert "';'" in problem


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_empty_file(problems, name, content):
    (problem,) = problems(name, content)
    assert "empty file" in problem


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_nul(problems, name):
    (problem,) = problems(name, 'text,label\n{"text": "a\0b"}\n')
    assert "NUL in 1 line(s): line 2" in problem


def test_missing_file_suggests_a_neighbour(tmp_path):
    (tmp_path / "training.csv").write_text("text\n")
    with pytest.raises(DataError, match=r"did you mean 'training\.csv'"):
        read_rows(tmp_path / "trainin.csv")
    with pytest.raises(DataError, match="a folder"):
        read_rows(tmp_path)


def test_unknown_format_lists_the_known(tmp_path):
    (tmp_path / "a.xls").write_text("x")
    with pytest.raises(DataError, match=r"\.jsonl.*\.csv.*got 'a\.xls'"):
        read_rows(tmp_path / "a.xls")


def test_globs_are_sorted_and_literal_names_win(tmp_path):
    for name in ("b2.csv", "b1.csv", "b[12].csv", "c.csv"):
        (tmp_path / name).write_text("text\n")
    root = str(tmp_path)
    assert [p.name for p in find_files("b?.csv", root)] == ["b1.csv", "b2.csv"]
    assert [p.name for p in find_files("b[12].csv", root)] == ["b[12].csv"]
    assert [p.name for p in find_files("nothing*.csv", root)] == ["nothing*.csv"]
