"""Reading json, compressed files, Parquet, Arrow, xlsx and Hugging Face datasets."""

from __future__ import annotations

import bz2
import datetime
import gzip
import io
import json
import lzma
import zipfile
from decimal import Decimal

import datasets
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from xlsx_file import DATE, write_xlsx

from xinyi.data.read import find_files, read_rows
from xinyi.data.read.lines import LONGEST
from xinyi.errors import DataError

ROWS = [{"text": f"第{i}条，收到了", "label": i % 3} for i in range(20)]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


@pytest.fixture
def read(tmp_path):
    def run(name: str, content: bytes | str = b""):
        path = tmp_path / name
        if content:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_rows(path))

    return run


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, LINES)
    return file.getvalue()


COMPRESSED = {
    ".gz": gzip.compress(LINES),
    ".bz2": bz2.compress(LINES),
    ".xz": lzma.compress(LINES),
    ".zst": pa.compress(LINES, "zstd", asbytes=True),
    ".zip": zipped("folder/inner.jsonl", "__MACOSX/._inner.jsonl"),
}


@pytest.mark.parametrize("ending", COMPRESSED)
def test_compressed(read, ending):
    assert [row for _, row in read(f"a.jsonl{ending}", COMPRESSED[ending])] == ROWS


@pytest.mark.parametrize("ending", COMPRESSED)
@pytest.mark.parametrize("cut", [3, -30])
def test_compressed_and_cut_off(read, ending, cut):
    with pytest.raises(DataError, match="expected a readable file"):
        read(f"a.jsonl{ending}", COMPRESSED[ending][:cut])


def test_a_zip_of_several_files_is_not_guessed(read):
    with pytest.raises(DataError, match="a zip with one file in it, got 2 files"):
        read("a.jsonl.zip", zipped("a.jsonl", "b.jsonl"))


def test_a_zip_whose_names_are_damaged(read):
    data = zipped("内.jsonl")
    with pytest.raises(DataError, match="expected a readable file"):
        read("a.jsonl.zip", data.replace("内".encode(), b"\xff\xfe\x80", 1))


def test_binary_formats_are_not_compressed_again(read):
    with pytest.raises(DataError, match=r"\.tsv before \.gz"):
        read("a.parquet.gz", gzip.compress(b"PAR1"))


@pytest.mark.parametrize("indent", [None, 2])
def test_json_array(read, indent):
    rows = read("a.json", json.dumps(ROWS, ensure_ascii=False, indent=indent))
    assert rows == list(enumerate(ROWS, 1))


def test_json_objects_one_after_the_other(read):
    assert read("a.json", LINES) == list(enumerate(ROWS, 1))
    assert [row for _, row in read("b.json", "".join(json.dumps(row, indent=1) for row in ROWS))] == ROWS


def test_json_on_one_long_line(read):
    rows = [{"text": "长" * 1000} for _ in range(LONGEST // 1000 + 5)]
    assert len(read("a.json", json.dumps(rows, ensure_ascii=False))) == len(rows)


@pytest.mark.parametrize(
    ("content", "after"),
    [
        ('[{"a": 1}, {"a": 2},]', 2),
        ('[{"a": 1} {"a": 2}]', 1),
        ('[{"a": 1}, {"a": ', 1),
        ('[{"a": 1}', 1),
        ('[{"a": 1}]]', 1),
        ('[{"a": 1}, 5]', 1),
        ('[{"a": NaN}]', 0),
        ('"text"', 0),
        ('{"a": 1}, {"a": 2}', 1),
        ("[" * 100_000, 0),
        ('[{"a":' + "[" * 100_000, 0),
    ],
)
def test_broken_json_says_after_which_object(read, content, after):
    with pytest.raises(DataError, match=f"got something else after object {after};"):
        read("a.json", content)


def test_json_with_a_key_twice(read):
    with pytest.raises(DataError, match="'a' more than once in line 2"):
        read("a.json", '[{"a": 1}, {"a": 1, "a": 2}]')


def test_parquet_and_arrow(read, tmp_path):
    table = pa.Table.from_pylist(ROWS)
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=7)
    for name, make in (("a.arrow", pa.ipc.new_file), ("b.arrow", pa.ipc.new_stream)):
        with make(tmp_path / name, table.schema) as writer:
            writer.write_table(table, max_chunksize=6)
    for name in ("a.parquet", "a.arrow", "b.arrow"):
        assert read(name) == list(enumerate(ROWS, 1))


def test_parquet_values_become_plain(read, tmp_path):
    moment = datetime.datetime(2024, 5, 6, 7, 8)
    row = {"a": moment, "b": Decimal("1.50"), "c": b"abc", "d": float("nan"), "e": [moment.date()], "f": {"g": 1}}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    plain = {"a": "2024-05-06T07:08:00", "b": "1.50", "c": "abc", "d": None, "e": ["2024-05-06"], "f": {"g": 1}}
    assert read("a.parquet") == [(1, plain)]


def test_parquet_with_bytes_that_are_no_text(read, tmp_path):
    pq.write_table(pa.table({"a": [b"ok", b"\xff\xfe", b"ok"]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="row 2;"):
        read("a.parquet")


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.xlsx"])
def test_binary_formats_cut_off_or_empty(read, tmp_path, name):
    for content in (b"PAR1nothing", b"x" * 5000):
        with pytest.raises(DataError, match=r"expected an? (Parquet file|Arrow file|Excel workbook)"):
            read(name, content)


@pytest.mark.parametrize("shared", [True, False])
def test_xlsx(read, tmp_path, shared):
    rows = [["text", "stars", "time"], ["慢 <&>", 5, (DATE, 45418.5)], [], ["多\n行", 4.5, (DATE, 45418, 2)], [None, 1]]
    write_xlsx(tmp_path / "a.xlsx", rows, shared)
    assert read("a.xlsx") == [
        (2, {"text": "慢 <&>", "stars": 5, "time": "2024-05-06T12:00:00"}),
        (4, {"text": "多\n行", "stars": 4.5, "time": "2024-05-06"}),
        (5, {"text": None, "stars": 1, "time": None}),
    ]


def test_xlsx_cells_of_other_kinds(read, tmp_path):
    cells = "<c r='A2' t='e'><v>#N/A</v></c><c r='B2' t='str'><v>算_x000D_出</v></c><c r='C2' t='b'><v>1</v></c>"
    write_xlsx(tmp_path / "a.xlsx", [["a", "b", "c"]], rows_xml=f"<row r='2'>{cells}</row>")
    assert read("a.xlsx") == [(2, {"a": None, "b": "算\r出", "c": True})]


def test_xlsx_cells_outside_the_header(read, tmp_path):
    write_xlsx(tmp_path / "a.xlsx", [["a"], ["x"], ["y", "stray"]])
    with pytest.raises(DataError, match="cells under a column name only, got row 3"):
        read("a.xlsx")


@pytest.mark.parametrize(
    "rows_xml",
    [
        "<row r='2'><c r='A2' t='s'><v>99</v></c></row>",
        "<row r='2'><c r='A2' t='s'><v>-1</v></c></row>",
        "<row r='2'><c r='B2'><v>1</v></c><c r='A2'><v>1</v></c></row>",
        "<row r='1'><c r='A1'><v>1</v></c></row>",
        "<row r='2'><c r='A2'><v>one</v></c></row>",
        "<row r='2'><c r='A2'>",
        "<row r='2'><c r='A2' s='1'><v>1e99</v></c></row>",
    ],
)
def test_xlsx_broken_inside(read, tmp_path, rows_xml):
    write_xlsx(tmp_path / "a.xlsx", [["a"]], rows_xml=rows_xml)
    with pytest.raises(DataError, match="expected an Excel workbook"):
        read("a.xlsx")


@pytest.fixture
def saved(tmp_path):
    """Folders as `datasets` writes them, with classes as numbers."""
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["坏", "好"]),
         "tags": datasets.List(datasets.ClassLabel(names=["a", "b"]))}
    )  # fmt: skip
    content = {"text": ["一", "二", "三"], "label": [0, 1, -1], "tags": [[0, 1], [], [1]]}
    data = datasets.Dataset.from_dict(content, features=features)
    datasets.disable_progress_bars()
    data.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": data, "dev": data}).save_to_disk(tmp_path / "several")
    return tmp_path


@pytest.mark.parametrize(("name", "split"), [("one", "test"), ("several", "validation"), ("several/train", "test")])
def test_saved_datasets_give_names_for_classes(saved, name, split):
    (table,) = find_files(name, str(saved), split)
    assert list(read_rows(table)) == [
        (1, {"text": "一", "label": "坏", "tags": ["a", "b"]}),
        (2, {"text": "二", "label": "好", "tags": []}),
        (3, {"text": "三", "label": None, "tags": ["b"]}),
    ]


def test_a_split_that_is_not_there(saved):
    (table,) = find_files("several", str(saved), "test")
    with pytest.raises(DataError, match="a split 'test', got 'train', 'dev'"):
        list(read_rows(table))


def test_hub_names(monkeypatch, saved):
    asked = []

    def load(name, config, revision):
        asked.append((name, config, revision))
        return datasets.load_from_disk(str(saved / "several"))

    monkeypatch.setattr(datasets, "load_dataset", load)
    for name, split in (("hf://a/b@v1/small:dev", "train"), ("hf://a/b", "validation")):
        (table,) = find_files(name, None, split)
        assert [row["text"] for _, row in read_rows(table)] == ["一", "二", "三"]
    assert asked == [("a/b", "small", "v1"), ("a/b", None, None)]


@pytest.mark.parametrize("name", ["hf://a", "hf://", "hf://a/b:", "hf://a/b c"])
def test_hub_names_of_another_form(name):
    with pytest.raises(DataError, match="OWNER/NAME"):
        find_files(name, None)


def test_hub_without_a_network(monkeypatch):
    def load(*_, **__):
        raise ConnectionError("https://…")

    monkeypatch.setattr(datasets, "load_dataset", load)
    (table,) = find_files("hf://a/b", None)
    with pytest.raises(DataError, match="ConnectionError while it was opened; check the name and the network"):
        list(read_rows(table))
