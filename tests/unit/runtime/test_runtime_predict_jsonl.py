from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from xinyi.runtime import Classifier, Summary, predict_file

LINES = [
    '{"id": 1, "text": "快递三天没动了", "deep": {"a": [1, 2.5, null]}}',
    '{"id": 2, "text": 5}',
    '{"id": 3}',
    "no json",
    "[1]",
    "",
    '{"id": 4, "text": "half a pair \\ud83d", "context": ["a"]}',
    '{"id": 5, "text": "好", "context": "您好"}',
    '{"id": 6, "text": ["好"]}',
    '{"id": 7, "text": null}',
]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_bad_rows_say_why_and_stop_nothing(classifier: Classifier, tmp_path: Path) -> None:
    source, target = write(tmp_path / "in.jsonl", LINES), tmp_path / "out.jsonl"
    assert predict_file(classifier, source, target) == Summary(rows=9, errors=6)
    rows = read(target)
    assert [row.get("id") for row in rows] == [1, 2, 3, None, None, 4, 5, 6, 7]
    assert rows[0]["deep"] == {"a": [1, 2.5, None]}
    assert "error" not in rows[0]
    assert rows[0]["sentiment"] == classifier.predict(["快递三天没动了"])[0]["sentiment"]["label"]
    assert isinstance(rows[0]["emotion"], list)
    assert rows[1]["error"] == "column 'text' is no text but int"
    assert rows[1]["sentiment"] is None
    assert rows[2]["error"] == "column 'text' is missing"
    assert rows[3]["line"] == "no json"
    assert rows[3]["error"] == rows[4]["error"] == "line is no JSON object"
    assert rows[5]["text"] == "half a pair \ud83d"
    assert rows[7]["error"] == "column 'text' is no text but list"


def test_bytes_of_another_encoding_do_not_stop_the_rest(classifier: Classifier, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [b'{"text": "\xe5\xa5\xbd"}', b'{"text": "a\xff\xfeb", "id": 7}', b"\xff no json", b'{"text": "c"}']
    source.write_bytes(b"\n".join(lines))
    assert predict_file(classifier, source, target) == Summary(rows=4, errors=2)
    rows = read(target)
    assert ["error" in row for row in rows] == [False, True, True, False]
    assert (rows[1]["text"], rows[1]["id"], rows[1]["error"]) == ("a\ufffd\ufffdb", 7, "bytes that are no UTF-8")
    assert rows[2]["error"] == "bytes that are no UTF-8; line is no JSON object"
    assert rows[2]["line"] == "\ufffd no json"


def test_other_encodings_are_read_and_utf8_is_written(classifier: Classifier, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes('{"text": "我的手机坏了，要退货"}\n'.encode("gb18030"))
    assert predict_file(classifier, source, target) == Summary(rows=1, errors=0)
    assert read(target)[0]["text"] == "我的手机坏了，要退货"


def test_contexts(classifier: Classifier, tmp_path: Path) -> None:
    lines = [*LINES, '{"text": "好", "context": ["您", "好"]}', '{"text": "好", "context": ["您", 1]}']
    source, target = write(tmp_path / "in.jsonl", lines), tmp_path / "out.jsonl"
    predict_file(classifier, source, target, context_column="context", probabilities=True)
    rows = read(target)
    (joined,) = classifier.predict(["好"], ["您 好"])
    assert rows[9]["intent.probability"] == pytest.approx(joined["intent"]["probability"], abs=1e-5)
    assert rows[10]["error"] == "column 'context' is no text but list"
    (expected,) = classifier.predict(["好"], ["您好"])
    assert rows[6]["intent.probability"] == pytest.approx(expected["intent"]["probability"], abs=1e-5)
    assert rows[6]["emotion.probability"] == pytest.approx(expected["emotion"]["probability"], abs=1e-5)


def test_streams(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = io.BytesIO("\n".join(LINES).encode()), io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(source))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(target))
    assert predict_file(classifier, "-", "-").rows == 9
    assert len(target.getvalue().splitlines()) == 9
    assert not source.closed


def test_an_empty_file_gives_an_empty_file(classifier: Classifier, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"")
    assert predict_file(classifier, source, tmp_path / "out.jsonl") == Summary(0, 0)
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_a_taken_key_in_a_late_row_loses_nothing(classifier: Classifier, tmp_path: Path) -> None:
    lines = ['{"text": "好"}'] * 3000 + ['{"text": "好", "intent": "mine"}']
    source, target = write(tmp_path / "in.jsonl", lines), tmp_path / "out.jsonl"
    assert predict_file(classifier, source, target).prefix == "predicted."
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert rows[-1]["intent"] == "mine"
    assert all(row["predicted.intent"] in ("refund", "logistics", "praise") for row in rows)
    assert not any("intent" in row for row in rows[:-1])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_a_deeply_nested_line_is_a_bad_row(classifier: Classifier, tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", ['{"text": "好"}', '{"text": ' + "[" * 200_000 + "]" * 200_000 + "}"])
    assert predict_file(classifier, source, tmp_path / "out.jsonl") == Summary(rows=2, errors=1)
