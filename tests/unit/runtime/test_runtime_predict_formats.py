"""Each kind of file in and out: the same rows, the same answers, types kept."""

from __future__ import annotations

import bz2
import datetime
import gzip
import io
import json
import lzma
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xinyi.data.cells import parse_multi
from xinyi.data.read import read_rows
from xinyi.errors import DataError
from xinyi.runtime import Classifier, Summary, predict_file
from xinyi.runtime.output import open_output
from xinyi.runtime.tables import open_input

TEXTS = ["物流太慢了", "好", "又断网了，第四次报修", None]
OPEN = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def said(classifier: Classifier) -> list[dict]:
    return [{task: found["label"] for task, found in row.items()} for row in classifier.predict(TEXTS[:3])]


@pytest.mark.parametrize("packing", OPEN)
@pytest.mark.parametrize("form", [".csv", ".jsonl"])
def test_compressed_in_and_out(classifier: Classifier, tmp_path: Path, form: str, packing: str) -> None:
    content = "id,text\n0,物流太慢了\n" if form == ".csv" else '{"id": 0, "text": "物流太慢了"}\n'
    source, target = tmp_path / f"in{form}{packing}", tmp_path / f"out{form}{packing}"
    with OPEN[packing](source, "wt", encoding="utf-8") as file:
        file.write(content)
    shares: list[float | None] = []
    assert predict_file(classifier, source, target, progress=lambda _, share: shares.append(share)) == Summary(1, 0)
    assert shares == [1.0]
    with OPEN[packing](target, "rt", encoding="utf-8") as file:
        written = file.read()
    assert said(classifier)[0]["intent"] in written
    first = target.read_bytes()
    predict_file(classifier, source, target)
    assert target.read_bytes() == first


def test_a_compressed_file_that_was_cut(classifier: Classifier, tmp_path: Path) -> None:
    whole = gzip.compress("text\n好\n".encode() * 500)
    (tmp_path / "in.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="can be read to its end"):
        predict_file(classifier, tmp_path / "in.csv.gz", tmp_path / "out.csv")
    (tmp_path / "in.csv.gz").write_bytes(b"text\n")
    with pytest.raises(DataError, match="can be read to its end"):
        predict_file(classifier, tmp_path / "in.csv.gz", tmp_path / "out.csv")


def test_parquet_keeps_types_and_order(classifier: Classifier, tmp_path: Path) -> None:
    day = [datetime.date(2025, 1, day) for day in (1, 2, 3, 4)]
    table = pa.table(
        {"when": day, "text": TEXTS, "n": pa.array([1, None, 3, 4], pa.int16()), "tags": [["a"], [], None, ["b"]]}
    )
    pq.write_table(table, tmp_path / "in.parquet")
    done = predict_file(classifier, tmp_path / "in.parquet", tmp_path / "out.parquet", probabilities=True)
    assert done == Summary(rows=4, errors=1)
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.select(table.column_names).equals(table)
    assert out.schema.field("emotion").type == pa.list_(pa.string())
    assert out.schema.field("intent.probability").type == pa.float64()
    rows = out.to_pylist()
    assert [{task: row[task] for task in ("sentiment", "emotion", "intent")} for row in rows[:3]] == said(classifier)
    assert rows[3]["error"] == "column 'text' is missing"
    assert rows[3]["intent"] is None


@pytest.mark.parametrize("target", ["out.csv", "out.jsonl", "out.tsv.gz"])
def test_parquet_to_text(classifier: Classifier, tmp_path: Path, target: str) -> None:
    pq.write_table(pa.table({"text": TEXTS[:1], "when": [datetime.date(2025, 1, 2)]}), tmp_path / "in.parquet")
    predict_file(classifier, tmp_path / "in.parquet", tmp_path / target)
    content = (tmp_path / target).read_bytes()
    assert "2025-01-02" in (gzip.decompress(content) if target.endswith(".gz") else content).decode()


def test_csv_to_parquet_is_text(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text\n007,好\n", encoding="utf-8")
    predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").to_pylist()[0]["id"] == "007"
    (tmp_path / "in.csv").write_text("id,text,id\n007,好,8\n", encoding="utf-8")
    with pytest.raises(DataError, match="each column once"):
        predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.parquet")


def test_what_is_no_parquet(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "in.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match="expected a parquet file"):
        predict_file(classifier, tmp_path / "in.parquet", tmp_path / "out.parquet")


def test_xlsx_in_and_out(classifier: Classifier, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (
        ["日期", "消息", "n"],
        [datetime.datetime(2025, 1, 2), "物流太慢了", 3],
        [None, 12, None],
        [None] * 3,
        [1, "好"],
    ):
        book.active.append(row)
    book.save(tmp_path / "in.xlsx")
    done = predict_file(classifier, tmp_path / "in.xlsx", tmp_path / "out.xlsx", text_column="消息")
    assert done == Summary(rows=3, errors=0)
    rows = list(openpyxl.load_workbook(tmp_path / "out.xlsx").active.iter_rows(values_only=True))
    assert rows[0] == ("日期", "消息", "n", "sentiment", "sentiment.abstained", "emotion", "intent", "error")
    assert rows[1][:3] == (datetime.datetime(2025, 1, 2), "物流太慢了", 3)
    assert rows[1][6] == said(classifier)[0]["intent"]
    assert rows[2][6] == classifier.predict(["12"])[0]["intent"]["label"]  # a number typed into a cell, as in training
    assert len(rows) == 4


def test_xlsx_cells_without_a_column_are_kept_in_the_error(classifier: Classifier, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["text", "n"], ["好", 1], ["差", 2, None, "另外", 3]):
        book.active.append(row)
    book.save(tmp_path / "in.xlsx")
    assert predict_file(classifier, tmp_path / "in.xlsx", tmp_path / "out.jsonl") == Summary(2, 1)
    last = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()[1])
    assert last["error"] == 'cells beyond the 2 columns; the rest: [null, "另外", 3]'


def test_xlsx_takes_what_xml_cannot_hold(classifier: Classifier, tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    (tmp_path / "in.csv").write_text("text,x\n好,a\x00\x0bb\n", encoding="utf-8")
    assert predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.xlsx").errors == 0
    (tmp_path / "bad.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match="expected an xlsx file"):
        predict_file(classifier, tmp_path / "bad.xlsx", tmp_path / "out.xlsx")


def test_a_missing_package_says_which_extra(classifier: Classifier, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    (tmp_path / "in.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"expected the package openpyxl, got none; pip install 'xinyi\[tables\]'"):
        predict_file(classifier, tmp_path / "in.xlsx", tmp_path / "out.csv")


@pytest.mark.parametrize("name", ["in.parquet.gz", "in.zip", "in.gz", "in"])
def test_names_that_say_nothing_are_refused(classifier: Classifier, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(DataError, match="a name ending in"):
        predict_file(classifier, tmp_path / name, tmp_path / "out.csv")


def test_columns_named_like_the_tasks_stay_beside_the_answers(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,intent,error\n好,refund,none\n,x,y\n", encoding="utf-8")
    done = predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.csv")
    assert (done.prefix, done.errors) == ("predicted.", 1)
    head, first, second = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    added = [f"predicted.{name}" for name in ("sentiment", "sentiment.abstained", "emotion", "intent", "error")]
    assert head.split(",") == ["text", "intent", "error", *added]
    assert first.startswith("好,refund,none,")
    assert second == ",x,y,,,,,column 'text' is empty"
    done = predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.csv", prefix="neu_")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").startswith("text,intent,error,neu_sentiment")


def test_a_late_key_of_a_stream_is_kept_too(classifier: Classifier, tmp_path: Path, monkeypatch) -> None:
    lines = ['{"text": "好"}'] * 600 + ['{"text": "好", "intent": "mine"}']
    source, target = io.BytesIO("\n".join(lines).encode()), io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(source))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(target))
    assert predict_file(classifier, "-", "-") == Summary(601, 0)
    last = json.loads(target.getvalue().splitlines()[-1])
    assert last["intent"] == "mine"
    assert last["predicted.intent"] == classifier.predict(["好"])[0]["intent"]["label"]
    assert "intent" in json.loads(target.getvalue().splitlines()[0])


def test_any_number_of_workers_gives_the_same_file(classifier: Classifier, tmp_path: Path) -> None:
    rows = [f"物流太慢了{i}天" for i in range(1300)]
    (tmp_path / "in.csv").write_text("text\n" + "\n".join(rows) + "\n", encoding="utf-8")
    for workers in (1, 3):
        predict_file(classifier, tmp_path / "in.csv", tmp_path / f"out{workers}.csv", workers=workers)
    assert (tmp_path / "out1.csv").read_bytes() == (tmp_path / "out3.csv").read_bytes()


def test_masking_reads_and_writes_these_files_too(tmp_path: Path) -> None:
    from xinyi.runtime.mask_file import mask_file

    pq.write_table(pa.table({"text": ["打13800138000"], "n": [1]}), tmp_path / "in.parquet")
    assert mask_file(tmp_path / "in.parquet", tmp_path / "out.parquet")[0] == 1
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == [{"text": "打[手机号]", "n": 1}]


def test_a_sheet_holds_what_looks_like_a_formula_as_text(classifier: Classifier, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    texts = ["=好评+下次还来", "#N/A", "=HYPERLINK(1)"]
    (tmp_path / "in.csv").write_text("text\n" + "\n".join(texts) + "\n", encoding="utf-8")
    predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.xlsx")
    cells = [row[0] for row in openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == texts
    assert {cell.data_type for cell in cells} == {"s"}


def test_a_sheet_takes_times_with_a_zone(classifier: Classifier, tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    when = pa.array([datetime.datetime(2026, 8, 1, 9, tzinfo=datetime.UTC)], pa.timestamp("s", "Asia/Shanghai"))
    pq.write_table(pa.table({"text": ["好"], "when": when}), tmp_path / "in.parquet")
    assert predict_file(classifier, tmp_path / "in.parquet", tmp_path / "out.xlsx") == Summary(1, 0)


@pytest.mark.parametrize(("form", "to"), [("csv", "jsonl"), ("xlsx", "csv")])
def test_columns_of_one_name_are_refused_where_one_would_be_lost(
    classifier: Classifier, tmp_path: Path, form: str, to: str
) -> None:
    source = tmp_path / f"in.{form}"
    rows = [["text", "note", "note"], ["好", "甲", "乙"]]
    if form == "csv":
        source.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    else:
        book = pytest.importorskip("openpyxl").Workbook()
        for row in rows:
            book.active.append(row)
        book.save(source)
    with pytest.raises(DataError, match="each column once"):
        predict_file(classifier, source, tmp_path / f"out.{to}")


@pytest.mark.parametrize("form", [".csv", ".xlsx", ".jsonl"])
def test_none_of_the_labels_is_no_blank_cell(tmp_path: Path, form: str) -> None:
    """A blank cell would say that the row has no answer, when the file is read as labels."""
    if form == ".xlsx":
        pytest.importorskip("openpyxl")
    (tmp_path / "in.csv").write_text("text\n好\n坏\n", encoding="utf-8")
    added = [("emotion", "texts"), ("emotion.probability", "numbers"), ("error", "text")]
    answers = [{"emotion": [], "emotion.probability": []}, {"emotion": ["joy", "anger"], "error": None}]
    with open_input(tmp_path / "in.csv") as table, open_output(tmp_path / f"out{form}", table, added) as write:
        for row, answer in zip(table, answers, strict=True):
            row.added.update(answer)
            write(row)
    found = [row["emotion"] for _, row in read_rows(tmp_path / f"out{form}")]
    assert found == ([[], ["joy", "anger"]] if form == ".jsonl" else ["[]", "joy|anger"])
    assert [parse_multi(cell, {}, "|") for cell in found] == [[], ["joy", "anger"]]
