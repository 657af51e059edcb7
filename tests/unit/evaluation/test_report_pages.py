from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from evaluation_world import MOOD, STARS, WISH, make_table

from xinyi.errors import BundleError
from xinyi.evaluation import report as reports
from xinyi.evaluation.decoding import fit_decoding
from xinyi.evaluation.metrics import metrics_for
from xinyi.evaluation.plots import label_names, write_confusion_plots
from xinyi.evaluation.predictions import read_predictions, write_predictions
from xinyi.evaluation.settings import EvaluationSettings

SETTINGS = EvaluationSettings(resamples=100, errors=5)
GATE = {
    "verdict": "undecided",
    "counts": {"pass": 1, "fail": 0, "undecided": 1},
    "outcomes": [
        {"rule": "floor", "task": "mood", "split": "test", "metric": "macro_f1", "answer": answer, "expected": ">= 0.5"}
        | {"got": "0.61", "why": "a <reason>"}
        for answer in ("pass", "undecided")
    ],
}


@pytest.fixture
def report(split_files: dict[str, Path], data_summary: dict) -> dict:
    decodings = fit_decoding(read_predictions(split_files["validation"]))
    run = {"name": "try <1>", "created": "2025-01-02T03:04:05", "seed": 1, "train_seconds": 61.2, "parameters": 5e6}
    return reports.build(split_files, decodings, {**run, "embedded_random": True}, data_summary, SETTINGS)


def test_report_has_every_part(report: dict) -> None:
    assert set(report["tasks"]) == {"stars", "mood", "wish"}
    assert report["primary"] == {"stars": "macro_f1", "mood": "macro_f1", "wish": "macro_f1"}
    for task, spec in (("stars", STARS), ("mood", MOOD), ("wish", WISH)):
        entry = report["tasks"][task]["test"]
        assert set(entry["metrics"]) == set(entry["baseline"]) == {metric.name for metric in metrics_for(spec.kind)}
        found = entry["metrics"]["macro_f1"]
        assert found["low"] <= found["value"] <= found["high"]
        assert len(entry["per_label"]) == len(spec.labels)
        assert len(entry["errors"]) <= 5
    assert report["tasks"]["wish"]["test"]["metrics"]["accuracy"]["n"] == 120 - 18
    assert report["data"]["splits"]["test"]["fingerprint"] == "e" * 64
    json.dumps(report, allow_nan=False)


def test_building_twice_gives_the_same(report: dict, split_files: dict[str, Path], data_summary: dict) -> None:
    decodings = fit_decoding(read_predictions(split_files["validation"]))
    again = reports.build(split_files, decodings, report["run"], data_summary, SETTINGS)
    assert again["tasks"] == report["tasks"]


def test_conversations_are_found_in_the_metadata(tmp_path: Path, data_summary: dict) -> None:
    table, logits = make_table(60, 4, conversations=True)
    path = write_predictions(tmp_path / "t.parquet", table, logits, [STARS], "test")
    found = reports.build({"test": path}, {}, {"name": "x"}, data_summary, SETTINGS)
    assert found["tasks"]["stars"]["test"]["units"] == {"name": "conversation", "n": 15}


def test_groups_are_drawn_whole_where_nothing_says_conversation(tmp_path: Path, data_summary: dict) -> None:
    table, logits = make_table(60, 4, conversations=True)
    found = []
    for name in ("conversation_id", "data.group", "会话ID"):
        place = table.column_names.index("meta.conversation_id")
        own = table.rename_columns([f"meta.{name}" if i == place else n for i, n in enumerate(table.column_names)])
        path = write_predictions(tmp_path / f"{name}.parquet", own, logits, [STARS, MOOD, WISH], "test")
        found.append(reports.build({"test": path}, {}, {}, data_summary, SETTINGS)["tasks"]["stars"]["test"])
    assert found[0] == found[1]
    assert (found[1]["units"], found[2]["units"]["name"]) == ({"name": "conversation", "n": 15}, "row")
    assert "data.group" not in found[1]["slices"]


def test_a_task_without_labelled_rows_is_reported_as_unknown(tmp_path: Path) -> None:
    table, logits = make_table(0, 4)
    path = write_predictions(tmp_path / "t.parquet", table, logits, [STARS, MOOD], "test")
    found = reports.build({"test": path}, {}, {"name": "x"}, {}, SETTINGS)
    for task in ("stars", "mood"):
        assert found["tasks"][task]["test"]["metrics"]["macro_f1"]["value"] is None
    reports.write(found, tmp_path / "report")


def test_files_are_written_whole(report: dict, tmp_path: Path) -> None:
    paths = reports.write(report, tmp_path / "report", GATE)
    assert sorted(p.name for p in (tmp_path / "report").iterdir()) == ["report.html", "report.json", "report.md"]
    assert json.loads(paths["report.json"].read_text("utf-8")) == report
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BundleError, match="writable folder"):
        reports.write(report, tmp_path / "file")


class Page(HTMLParser):
    """Tags that never close or close wrongly, and every address that a browser would fetch."""

    VOID = frozenset({"meta", "br", "wbr", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.note(tag, attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [str(value) for name, value in attrs if name in ("src", "href", "srcset", "data")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_is_one_file_that_asks_nobody(report: dict, tmp_path: Path) -> None:
    path = reports.write(report, tmp_path, GATE)["report.html"]
    text = path.read_text("utf-8")
    page = Page()
    page.feed(text)
    assert page.open == []
    assert all(link.startswith("#") for link in page.links)
    assert "script" not in page.tags
    assert not re.search(r"url\(|@import|https?://", text)
    assert '<meta charset="utf-8">' in text[:200]
    assert "prefers-color-scheme: dark" in text
    assert path.stat().st_size < 3_000_000


def test_pages_show_what_matters(report: dict, tmp_path: Path) -> None:
    paths = reports.write(report, tmp_path, GATE)
    value = f"{report['tasks']['mood']['test']['metrics']['macro_f1']['value']:.3f}"
    for name in ("report.html", "report.md"):
        text = paths[name].read_text("utf-8")
        for wanted in ("undecided", value, "愤怒", "initialised at random", "mood"):
            assert wanted in text, (name, wanted)
        assert text.index("undecided") < text.index(value)
        assert "<an>" not in text
        assert "<reason>" not in text


def test_the_page_speaks_both_languages_and_opens_in_the_one_wanted(report: dict, tmp_path: Path) -> None:
    for language, switch in (("en", "english"), ("zh", "chinese")):
        report["settings"]["language"] = language
        text = reports.write(report, tmp_path / language, GATE)["report.html"].read_text("utf-8")
        assert f'<html lang="{language}">' in text
        (checked,) = re.findall(r'<input class="language"[^>]*id="(\w+)" checked>', text)
        assert checked == switch
        assert len(re.findall('class="en"', text)) == len(re.findall('class="zh"', text)) > 100


def test_the_page_shows_slices_behaviour_and_what_is_suspect(report: dict, tmp_path: Path) -> None:
    entry = report["tasks"]["wish"]["test"]
    rate = {"value": 0.25, "low": 0.1, "high": 0.5, "n": 12}
    case = {
        "text": "太慢了<b>",
        "changed": "太慢了！",
        "before": "w2",
        "after": "w3",
        "expected": "the same answer",
        "change": 0.4,
    }
    test = {"type": "invariance", "zh": "喊叫", "en": "Shouting", "n": 12, "pass_rate": rate, "flip_rate": rate}
    entry["behaviour"] = {"ours": {"shout": {**test, "examples": [case]}}}
    small = {
        "n": 4,
        "too_small": True,
        "metrics": {"macro_f1": {"value": None, "low": None, "high": None, "n": 4, "why": "few"}},
    }
    entry["slices"]["channel"]["fax"] = small
    found = {"slice": {"channel": "fax", "shop": "北<i>"}, "n": 40, "value": 0.5, "rest": 0.1, "p": 0.001, "q": 0.01}
    gap = {"value": 0.4, "low": 0.2, "high": 0.6, "n": 40}
    entry["worst_slices"] = {
        "tested": 9,
        "rate": 0.05,
        "loss": "error rate",
        "found": [{**found, "difference": gap, "worse": True}],
    }
    issue = {"id": "a" * 16, "text": "谢谢", "gold": "w2", "suggested": "w3", "probability": 0.02}
    entry["label_issues"] = {"n": 100, "suspected": 1, "shown": [issue]}
    entry["abstaining"] |= {
        "target": {"risk": 0.03, "coverage": 0.9},
        "coverage": {"value": 0.8, "low": 0.7, "high": 0.9, "n": 100},
        "risk": {"value": 0.02, "low": 0.01, "high": 0.05, "n": 80},
        "kept": "undecided",
        "outside": {"rows": 7, "scores": {"energy": {"auroc": gap, "fpr95": gap}}},
    }  # fmt: skip
    paths = reports.write(report, tmp_path)
    page = paths["report.html"].read_text("utf-8")
    for wanted in (
        "Shouting",
        "喊叫",
        "25 %",
        "太慢了&lt;b&gt;",
        "too few rows",
        "北&lt;i&gt;",
        "+0.40",
        "Suspected",
        "80 %",
        "AUROC",
    ):
        assert wanted in page, wanted
    markdown = paths["report.md"].read_text("utf-8")
    for wanted in ("channel = fax", "Shouting", "at most 3 % wrong, 90 % answered; answers 80 %, 2 % of them wrong"):
        assert wanted in markdown, wanted


def test_customers_cannot_write_markup(report: dict, tmp_path: Path) -> None:
    report = copy.deepcopy(report)
    report["tasks"]["wish"]["test"]["errors"][0]["text"] = "<script>alert(1)</script>"
    text = reports.write(report, tmp_path)["report.html"].read_text("utf-8")
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("off", ["setting", "data"])
def test_texts_that_were_not_masked_are_left_out(
    off: str, split_files: dict[str, Path], data_summary: dict, tmp_path: Path
) -> None:
    settings = EvaluationSettings(resamples=100, texts=off != "setting")
    summary = {**data_summary, "masked": off != "data"}
    found = reports.build(split_files, {}, {"name": "x"}, summary, settings)
    for path in reports.write(found, tmp_path / "report").values():
        assert "没人接" not in path.read_text("utf-8")


def test_hundreds_of_labels_stay_small(report: dict, tmp_path: Path) -> None:
    report = copy.deepcopy(report)
    labels = [{"id": f"标签{i}", "zh": f"标签{i}", "en": "", "group": ""} for i in range(300)]
    row = report["tasks"]["wish"]["test"]["per_label"][0]
    report["task_specs"]["wish"]["labels"] = labels
    for entry in report["tasks"]["wish"].values():
        entry["per_label"] = [{**row, "id": label["id"], "zh": label["zh"]} for label in labels]
        entry["confusion"] = {"labels": [label["id"] for label in labels], "matrix": [[1] * 300 for _ in labels]}
    assert reports.write(report, tmp_path)["report.html"].stat().st_size < 3_000_000


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda r: r.update(schema_version=2), "schema_version"),
        (lambda r: r.pop("primary"), r"report\.primary"),
        (lambda r: r["run"].pop("seed"), r"run\.seed"),
        (lambda r: r["tasks"]["mood"]["test"].pop("errors"), r"mood\.test\.errors"),
        (lambda r: r["tasks"]["mood"]["test"]["metrics"]["jaccard"].update(value=float("nan")), "finite number"),
        (lambda r: r["tasks"]["mood"]["test"]["metrics"]["jaccard"].update(low="0.2"), "numbers or null"),
        (lambda r: r["tasks"]["mood"]["test"]["metrics"]["jaccard"].update(value=None), "a reason"),
        (lambda r: r["tasks"]["mood"]["test"]["metrics"]["jaccard"].pop("n"), "value, low, high, n"),
        (lambda r: r["tasks"].update(mood=[]), r"tasks\.mood"),
        (lambda r: r["primary"].pop("wish"), r"primary\.wish"),
        (lambda r: r["tasks"]["mood"]["test"].update(slices=[]), r"test\.slices: expected an object, got list"),
        (lambda r: r["tasks"]["mood"]["test"]["slices"].update(a={"b": {"n": 3}}), r"slices\.a\.b\.too_small"),
        (lambda r: r["tasks"]["mood"]["test"]["behaviour"].update(a={"b": {"n": 3}}), r"behaviour\.a\.b\.pass_rate"),
        (lambda r: r["tasks"]["mood"]["test"]["behaviour"].update(a={"b": 0.9}), r"a\.b: expected an object"),
    ],
)
def test_a_spoilt_report_is_refused(report: dict, spoil, message: str, tmp_path: Path) -> None:
    spoil(report)
    with pytest.raises(BundleError, match=message):
        reports.write(report, tmp_path)
    assert not list(tmp_path.glob("report.*"))


def test_confusion_plots_with_and_without_a_chinese_font(
    report: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xinyi.evaluation.plots.cjk_font", lambda: None)
    paths = write_confusion_plots(report, tmp_path / "plots")
    expected = [f"confusion_{task}.png" for task in ("mood", "stars", "wish")]
    assert sorted(p.name for p in (tmp_path / "plots").iterdir()) == expected
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    assert label_names(report["task_specs"]["stars"], chinese=False)[0] == "star 0"
    assert label_names(report["task_specs"]["wish"], chinese=True)[0] == "咨询"
    assert all(name.isascii() for name in label_names(report["task_specs"]["wish"], chinese=False))


def test_evaluation_imports_neither_torch_nor_lightning() -> None:
    modules = "report, decoding, plots, predictions"
    code = f"import sys; from xinyi.evaluation import {modules}; print([m for m in sys.modules if m in BAD])"
    bad = "BAD = {'torch', 'lightning', 'pytorch_lightning', 'mlflow'}; "
    out = subprocess.run([sys.executable, "-c", bad + code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
