"""What annotators decided goes back into the data, and nothing else does."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from data_rows import labelled

from xinyi.data import DataSettings, SourceSettings, load
from xinyi.data.checks import Material
from xinyi.data.checks.annotations import FIELDS, write_suspects
from xinyi.errors import DataError


@pytest.fixture
def corrected(jsonl, tmp_path: Path):
    """Load 30 rows with a corrections file that holds these lines."""
    jsonl(labelled(30))
    source = SourceSettings(root=str(tmp_path), train=("train.jsonl",), labels={"intent": "label"})
    whole = {"validation_share": 0.0, "test_share": 0.0}

    def run(*lines: dict[str, str]):
        path = tmp_path / "label_errors.csv"
        with open(path, "w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, FIELDS)
            writer.writeheader()
            writer.writerows(lines)
        return load(DataSettings("mine", (source,), corrections=(str(path),), **whole), ())

    run.ids = load(DataSettings("mine", (source,), **whole), ()).splits["train"]["id"].to_pylist()
    return run


def test_a_label_is_corrected_kept_or_dropped(corrected):
    lines = [{"id": i, "task": "intent", "label": label} for i, label in zip(corrected.ids, ("投诉", "", "drop"))]  # noqa: B905
    data = corrected(*lines)
    assert data.splits["train"]["label.intent"].to_pylist()[:4] == ["投诉", "投诉", None, "咨询"]
    assert any("2 label(s) corrected" in text for text in data.summary["problems"])


def test_ids_that_nobody_has_are_counted(corrected):
    data = corrected({"id": "0" * 16, "task": "intent", "label": "投诉"})
    assert any("1 correction(s) name an id that no row has" in text for text in data.summary["problems"])


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ({"task": "intent", "label": "投拆"}, "label '投拆' in row 2"),
        ({"task": "sentiment", "label": "投诉"}, "task 'sentiment' in row 2"),
    ],
)
def test_unknown_labels_and_tasks_are_refused(corrected, line: dict[str, str], part: str):
    with pytest.raises(DataError, match=part):
        corrected({"id": corrected.ids[0], **line})


def test_two_answers_for_one_row_are_refused(corrected):
    lines = [{"id": corrected.ids[0], "task": "intent", "label": label} for label in ("投诉", "表扬")]
    with pytest.raises(DataError, match="another label for a row that has one already"):
        corrected(*lines)


def test_the_file_of_suspects_goes_round(jsonl, tmp_path: Path):
    """Rows with wrong labels are written, corrected as suggested, and right after reading again."""
    texts = {"咨询": "请问这款空调{}号有货吗", "投诉": "气死了第{}回还没人来修", "表扬": "师傅{}号又快又好夸夸"}
    rows = [{"text": text.format(i), "label": label} for i in range(60) for label, text in texts.items()]
    rows[0]["label"] = "投诉"
    jsonl(rows)
    source = SourceSettings(root=str(tmp_path), train=("train.jsonl",), labels={"intent": "label"})
    settings = {"validation_share": 0.0, "test_share": 0.0}
    data = load(DataSettings("mine", (source,), **settings), ())
    path = tmp_path / "label_errors.csv"
    assert write_suspects(path, Material.of(data.splits, data.tasks)) == 1
    lines = list(csv.DictReader(path.open(encoding="utf-8-sig")))
    assert (lines[0]["given"], lines[0]["suggested"], lines[0]["label"]) == ("投诉", "咨询", "")
    lines[0]["label"] = lines[0]["suggested"]
    with open(path, "w", encoding="gb18030", newline="") as file:  # as a spreadsheet saves it
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(lines)
    again = load(DataSettings("mine", (source,), corrections=(str(path),), **settings), ())
    assert again.splits["train"]["label.intent"].to_pylist()[0] == "咨询"


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("退+换", ["退+换"]),
        ("退+换 + 投诉", ["退+换", "投诉"]),
        ("投诉+表扬", ["投诉", "表扬"]),
        ("投诉 + 投诉", ["投诉"]),
        ("-", []),
    ],
)
def test_a_label_may_hold_the_sign_that_joins_labels(jsonl, tmp_path: Path, cell: str, labels: list[str]):
    jsonl(labelled(30, (["退+换"], ["投诉", "表扬"])))
    source = SourceSettings(root=str(tmp_path), train=("train.jsonl",), labels={"intent": "label"})
    whole = {"validation_share": 0.0, "test_share": 0.0}
    ids = load(DataSettings("mine", (source,), **whole), ()).splits["train"]["id"].to_pylist()
    jsonl([{"id": ids[2], "task": "intent", "label": cell}], "mended.jsonl")
    data = load(DataSettings("mine", (source,), corrections=(str(tmp_path / "mended.jsonl"),), **whole), ())
    assert data.splits["train"]["label.intent"].to_pylist()[2] == labels


def test_the_label_nought_is_a_label(jsonl, tmp_path: Path):
    jsonl([{"text": f"订单{i}还没有到", "label": i % 2} for i in range(30)])
    source = SourceSettings(root=str(tmp_path), train=("train.jsonl",), labels={"bad": "label"})
    whole = {"validation_share": 0.0, "test_share": 0.0}
    ids = load(DataSettings("mine", (source,), **whole), ()).splits["train"]["id"].to_pylist()
    jsonl([{"id": ids[1], "task": "bad", "label": 0}, {"id": ids[2], "task": "bad", "label": 1}], "mended.jsonl")
    data = load(DataSettings("mine", (source,), corrections=(str(tmp_path / "mended.jsonl"),), **whole), ())
    assert data.splits["train"]["label.bad"].to_pylist()[:4] == ["0", "0", "1", "1"]
