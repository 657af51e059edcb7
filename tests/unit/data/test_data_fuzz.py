"""Broken files: each gives a clear error or clean rows, soon, and loses none in silence."""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from broken_files import ROWS, broken_files, whole_files
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.data.read import FORMATS, Facts, read_rows
from xinyi.errors import DataError

LONGEST_SECONDS = 10  # of the processor: others may be busy


def outcome(path: Path) -> str:
    """`rows` or `error`; fails on anything else, on lost rows, and on values that JSON does not have."""
    started, facts, problems = time.process_time(), Facts(), []
    try:
        rows = list(read_rows(path, facts))
    except DataError as error:
        rows, problems = [], error.problems
    assert time.process_time() - started < LONGEST_SECONDS
    assert all("expected" in problem and ", got " in problem for problem in problems)
    if problems:
        return "error"
    numbers = [number for number, _ in rows]
    assert numbers == sorted(set(numbers))
    assert all(isinstance(row, dict) and all(isinstance(key, str) for key in row) for _, row in rows)
    expected = counted(path, facts)
    assert expected is None or len(rows) == expected
    return "rows"


def counted(path: Path, facts: Facts) -> int | None:
    """How many rows another reading finds; None for formats that nobody else reads here."""
    if path.suffix == ".parquet":
        return pq.ParquetFile(path).metadata.num_rows
    codecs = {"UTF-8": "utf-8", "UTF-8 with BOM": "utf-8-sig", "GB18030": "gb18030", "Big5": "cp950"}
    if facts.encoding not in codecs or path.suffix not in (".jsonl", ".csv", ".tsv"):
        return None
    text = path.read_bytes().decode(codecs[facts.encoding])
    if path.suffix == ".jsonl":
        return sum(bool(line.strip()) for line in text.split("\n"))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="," if path.suffix == ".csv" else "\t")
    return sum(map(bool, reader)) - 1


def run(folder: Path, count: int, seed: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for i, (name, data) in enumerate(broken_files(count, seed)):
        path = folder / name
        path.write_bytes(data)
        try:
            counts[outcome(path)] += 1
        except Exception as error:
            kept = folder / f"failed_{i}_{name}"
            path.rename(kept)
            raise AssertionError(f"file {i} of seed {seed}: {kept}") from error
        path.unlink()
    return counts


def test_whole_files_give_all_rows(tmp_path):
    for name, data in whole_files().items():
        (tmp_path / name).write_bytes(data)
        assert len(list(read_rows(tmp_path / name))) == len(ROWS), name


def test_some_broken_files(tmp_path):
    counts = run(tmp_path, 400, seed=1)
    assert counts["error"] > 200
    assert counts["rows"] > 20


@pytest.mark.slow
def test_ten_thousand_broken_files(tmp_path):
    counts = run(tmp_path, 10_000, seed=2)
    assert counts.total() == 10_000


@pytest.mark.parametrize("ending", sorted(FORMATS))
@settings(max_examples=15, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes(tmp_path_factory, ending, data):
    path = tmp_path_factory.mktemp("any") / f"a{ending}"
    path.write_bytes(data)
    outcome(path)


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text(), min_size=1, max_size=5))
def test_any_texts_come_back(tmp_path_factory, texts):
    """What pyarrow and Python's csv write is read again as it was."""
    folder = tmp_path_factory.mktemp("texts")
    clean = [text.encode("utf-8", "ignore").decode().replace("\0", "") for text in texts]
    pq.write_table(pa.table({"text": clean}), folder / "a.parquet")
    assert [row["text"] for _, row in read_rows(folder / "a.parquet")] == clean
    with open(folder / "a.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["text"], *([text] for text in clean)])
    assert [row["text"] for _, row in read_rows(folder / "a.csv")] == clean
