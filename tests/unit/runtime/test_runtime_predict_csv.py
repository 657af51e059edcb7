from __future__ import annotations

import csv
import gzip
import io
import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from xinyi.runtime import Classifier, Summary, predict_file
from xinyi.runtime.answering import PIECE_ROWS
from xinyi.tasks.decode import Decoding

HEADER = ["编号", "text", "turns", "note"]
ADDED = ["sentiment", "sentiment.abstained", "emotion", "intent", "error"]
ROWS = [
    ["1", "快递三天没动了", "您好", "plain"],
    ["2", '好,谢谢\n第二行"引号"', "", "quoted"],
    ["3", "", "您好", "empty"],
    ["4", "物流太慢了", "", ""],
]


def write(path: Path, rows: list[list[str]], header: list[str] = HEADER, delimiter: str = ",", mark: str = "") -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    path.write_text(mark + text.getvalue(), encoding="utf-8", newline="")
    return path


def read(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


@pytest.mark.parametrize(("ending", "delimiter"), [(".csv", ","), (".tsv", "\t")])
def test_columns_and_order_are_kept(classifier: Classifier, tmp_path: Path, ending: str, delimiter: str) -> None:
    source, target = write(tmp_path / f"in{ending}", ROWS, delimiter=delimiter), tmp_path / f"out{ending}"
    assert predict_file(classifier, source, target) == Summary(rows=4, errors=1)
    header, *rows = read(target, delimiter)
    assert header == [*HEADER, *ADDED]
    assert [row[:4] for row in rows] == ROWS
    assert rows[2][4:] == ["", "", "", "", "column 'text' is empty"]
    expected = classifier.predict([row[1] for row in ROWS])
    for i in (0, 1, 3):
        assert rows[i][4] == expected[i]["sentiment"]["label"]
        assert rows[i][5] == str(expected[i]["sentiment"]["abstained"])
        assert rows[i][6] == ("|".join(expected[i]["emotion"]["label"]) or "[]")
        assert rows[i][8] == ""


def test_contexts_and_probabilities(classifier: Classifier, tmp_path: Path) -> None:
    source, target = write(tmp_path / "in.csv", ROWS), tmp_path / "out.csv"
    predict_file(classifier, source, target, context_column="turns", probabilities=True)
    header, *rows = read(target)
    tasks = [["sentiment", "sentiment.probability", "sentiment.abstained"]]
    tasks += [[task, f"{task}.probability"] for task in ("emotion", "intent")]
    assert header == [*HEADER, *(name for names in tasks for name in names), "error"]
    (expected,) = classifier.predict([ROWS[0][1]], [ROWS[0][2]])
    assert float(rows[0][10]) == pytest.approx(expected["intent"]["probability"], abs=1e-5)
    found = [float(part) for part in rows[0][8].split("|") if part]
    assert found == pytest.approx(expected["emotion"]["probability"], abs=1e-5)


def test_abstained_answers_are_told_apart(classifier: Classifier, tmp_path: Path) -> None:
    """As `predict` says it, and the label stands there all the same."""
    texts = ["快递三天没动了", "物流太慢了", "好", "这个月账单不对"]
    sure = sorted(said["intent"]["probability"] for said in classifier.predict(texts))
    limits = {"intent": Decoding(abstain_below=(sure[1] + sure[2]) / 2), "emotion": Decoding(abstain_below=2.0)}
    wary = replace(classifier, decodings={**classifier.decodings, **limits})
    source = write(tmp_path / "in.csv", [["1", text, "", ""] for text in [*texts, ""]])
    predict_file(wary, source, tmp_path / "out.csv", probabilities=True)
    header, *rows = read(tmp_path / "out.csv")
    assert [name for name in header if name.endswith(".abstained")] == [f"{task}.abstained" for task in wary.decodings]
    found = [row[header.index("intent.abstained")] for row in rows]
    assert found == [*(str(said["intent"]["abstained"]) for said in wary.predict(texts)), ""]
    assert sorted(found[:4]) == ["False", "False", "True", "True"]
    assert [row[header.index("emotion.abstained")] for row in rows] == ["True"] * 4 + [""]
    assert all(row[header.index("intent")] for row in rows[:4])


def test_abstained_answers_keep_their_type(classifier: Classifier, tmp_path: Path) -> None:
    wary = replace(classifier, decodings={**classifier.decodings, "intent": Decoding(abstain_below=2.0)})
    source = write(tmp_path / "in.csv", ROWS)
    predict_file(wary, source, tmp_path / "out.parquet")
    predict_file(wary, source, tmp_path / "out.jsonl")
    assert pq.read_table(tmp_path / "out.parquet")["intent.abstained"].to_pylist() == [True, True, None, True]
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["intent.abstained"] for line in lines] == [True, True, None, True]


def test_a_byte_order_mark_is_read_and_written_again(classifier: Classifier, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", ROWS, ["text", "b", "c", "d"], mark="\ufeff")
    predict_file(classifier, source, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbftext,")
    assert (tmp_path / "out.csv").read_bytes().count(b"\xef\xbb\xbf") == 1


def test_rows_of_another_width_do_not_stop_the_rest(classifier: Classifier, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("a,text\n1,好\n2\n3,差,多余\n\n4,一般\n", encoding="utf-8")
    assert predict_file(classifier, source, tmp_path / "out.csv") == Summary(rows=4, errors=2)
    rows = read(tmp_path / "out.csv")[1:]
    assert [row[0] for row in rows] == ["1", "2", "3", "4"]
    assert rows[1][-1] == "1 cells under 2 columns"
    assert rows[2][-1] == '3 cells under 2 columns; the rest: ["多余"]'
    assert rows[3][-1] == ""


def test_bytes_and_quotes_of_one_row_do_not_stop_the_rest(classifier: Classifier, tmp_path: Path) -> None:
    lines = ["a,text", "1,好", '2,"太"慢了', "3,坏\0了", '4,"差', '5,"一般"', "6,好,甲,乙", '7,"两', '行",好']
    source = tmp_path / "in.csv"
    source.write_bytes("\n".join(lines).encode().replace(b"\0", b"\xff\xfe"))
    assert predict_file(classifier, source, tmp_path / "out.csv") == Summary(rows=7, errors=5)
    rows = read(tmp_path / "out.csv")[1:]
    assert [row[:2] for row in rows] == [
        ["1", "好"],
        ["2", '"太"慢了'],
        ["3", "坏\ufffd\ufffd了"],
        ["4", '"差'],
        ["5", "一般"],
        ["6", "好"],
        ["7", "两\n行"],
    ]
    assert [row[-1] for row in rows] == [
        "",
        "quotes that do not match",
        "bytes that are no UTF-8",
        "quotes that do not match",
        "",
        '4 cells under 2 columns; the rest: ["甲", "乙"]',
        '3 cells under 2 columns; the rest: ["好"]',
    ]
    assert [bool(row[2]) for row in rows] == [not row[-1] for row in rows]


def test_a_quote_that_never_closes_swallows_no_other_row(classifier: Classifier, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text('a,text\n0,"好\n' + "".join(f"{i},好\n" for i in range(1, 3000)), encoding="utf-8")
    assert predict_file(classifier, source, tmp_path / "out.csv") == Summary(rows=3000, errors=1)
    assert [row[0] for row in read(tmp_path / "out.csv")[1:]] == [str(i) for i in range(3000)]


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16"])
@pytest.mark.parametrize("ending", [".csv", ".tsv.gz"])
def test_other_encodings_are_read_and_answered_for_spreadsheets(
    classifier: Classifier, tmp_path: Path, encoding: str, ending: str
) -> None:
    sign = "," if ending == ".csv" else "\t"
    text = f"id{sign}text\n" + "".join(f"{i}{sign}我的手機壞了，要退貨，你好\n" for i in range(20))
    source, target = tmp_path / f"in{ending}", tmp_path / f"out{ending}"
    content = text.encode(encoding)
    source.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
    assert predict_file(classifier, source, target) == Summary(rows=20, errors=0)
    written = target.read_bytes()
    written = gzip.decompress(written) if ending.endswith("gz") else written
    assert written.startswith(b"\xef\xbb\xbfid")
    assert written.decode("utf-8").count("我的手機壞了，要退貨，你好") == 20


def test_the_encoding_is_named_where_a_row_is_in_none(classifier: Classifier, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes("text\n我的手机坏了，要退货\n你好\0的\n".encode("gb18030").replace(b"\0", b"\xff"))
    assert predict_file(classifier, source, tmp_path / "out.csv") == Summary(rows=2, errors=1)
    assert read(tmp_path / "out.csv")[2][-1] == "bytes that are no GB18030"


def test_csv_to_jsonl(classifier: Classifier, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", ROWS)
    predict_file(classifier, source, tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8").count("\n") == 4


def test_header_only_gives_header_only(classifier: Classifier, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", [])
    assert predict_file(classifier, source, tmp_path / "out.csv") == Summary(0, 0)
    assert read(tmp_path / "out.csv") == [[*HEADER, *ADDED]]


def test_a_cell_of_half_a_million_characters(classifier: Classifier, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", [["1", "好" * 500_000, "", ""], ["2", "差", "", ""]])
    assert predict_file(classifier, source, tmp_path / "out.csv").errors == 0


def test_memory_does_not_grow_with_the_rows(
    classifier: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xinyi.runtime.answering.PIECE_ROWS", 100)

    def peak(rows: int) -> int:
        source = write(tmp_path / f"{rows}.csv", [["1", f"好的{i}", "", "x" * 1000] for i in range(rows)])
        tracemalloc.start()
        predict_file(classifier, source, tmp_path / "out.csv", workers=1)  # more would read ahead as they are scheduled
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(10)
    assert peak(1600) < 1.5 * peak(400)


def test_progress_is_told(classifier: Classifier, tmp_path: Path) -> None:
    seen: list[tuple[int, float | None]] = []
    source = write(tmp_path / "in.csv", [["1", "好", "", ""]] * 5000)
    predict_file(classifier, source, tmp_path / "out.csv", progress=lambda rows, share: seen.append((rows, share)))
    assert [rows for rows, _ in seen] == [*range(PIECE_ROWS, 5000, PIECE_ROWS), 5000]
    assert seen[-1][1] == 1.0
    assert seen[0][1] <= seen[1][1]
