"""`xinyi evaluate` on a bundle: other rows, suites of one's own, and overrides that cannot be used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tiny_bundle import TEXTS, shared_bundle

from xinyi.cli import main
from xinyi.errors import BundleError, ConfigError
from xinyi.evaluation.schema import validate
from xinyi.gates.base import Evidence
from xinyi.gates.facts import DataFindings
from xinyi.pipeline.evaluate import evaluate
from xinyi.runtime.manifest import render, seal

SUITE = """
suite: ours
zh: 我们的
en: Ours
tests:
  stop:
    type: invariance
    perturb: full_stop
    rows: true
    texts: [我要退货]
"""


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Forty labelled rows of two channels, some that no intent fits."""
    intents = ("refund", "logistics", "praise", "OOS")
    lines = [
        {"text": f"{TEXTS[i % len(TEXTS)]}{i}", "wish": intents[i % 4], "channel": ("chat", "call")[i % 2]}
        for i in range(40)
    ]
    path = tmp_path / "june.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def overrides(rows: Path, *more: str) -> list[str]:
    columns = ["data.labels.intent=wish", "data.outside.intent=OOS", "data.meta=[channel]"]
    return [f"data.test={rows}", *columns, "evaluation.resamples=100", "evaluation.least_slice=5", *more]


def test_a_bundle_on_other_rows_with_a_suite_of_ones_own(rows: Path, tmp_path: Path) -> None:
    suite = tmp_path / "ours.yaml"
    suite.write_text(SUITE, encoding="utf-8")
    given = overrides(rows, f"evaluation.suites=[{suite}]", "evaluation.behaviour_rows=7", "evaluation.language=zh")
    report, folder = evaluate(shared_bundle(), given, tmp_path / "out")
    validate(report)
    entry = report["tasks"]["intent"]["test"]
    assert (entry["rows"], entry["abstaining"]["outside"]["rows"]) == (30, 10)
    assert set(entry["slices"]["channel"]) == {"chat", "call"}
    assert entry["behaviour"]["ours"]["stop"]["n"] == 8
    assert report["settings"]["resamples"] == 100
    assert report["cost"]["bytes"]["onnx"] > 1000
    assert report["cost"]["latency_ms"]["p50"]["value"] > 0
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="zh">' in page


def test_the_rows_are_limited_and_checked_as_far_as_that_goes_without_training_rows(rows: Path, tmp_path: Path) -> None:
    given = overrides(rows, "data.limit=24", "evaluation.suites=[]")
    report, folder = evaluate(shared_bundle(), given, tmp_path / "out")
    entry = report["tasks"]["intent"]["test"]
    assert entry["rows"] + entry["abstaining"]["outside"]["rows"] == 24
    checks = report["data"]["checks"]
    assert "personal_data" in checks["ran"]
    assert not {"leaks", "near_leaks", "unseen_labels", "label_drift"} & set(checks["ran"])
    assert (folder / "data_check.html").is_file()
    asked = [DataFindings(of="personal_data"), DataFindings(of="leaks")]
    outcomes = [rule.check(Evidence(report))[0] for rule in asked]
    assert [outcome.answer for outcome in outcomes] == ["pass", "fail"]
    assert "did not run" in outcomes[1].why


def test_a_bundle_of_another_masker_is_measured_only_when_told_so(rows: Path, tmp_path: Path) -> None:
    old = shutil.copytree(shared_bundle(), tmp_path / "old")
    raw = json.loads((old / "manifest.json").read_text(encoding="utf-8"))
    (old / "manifest.json").write_bytes(render(seal({**raw, "masker": "0"})))
    arguments = ["evaluate", str(old), *overrides(rows, "evaluation.suites=[]"), "--output", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert not (tmp_path / "out").exists()
    assert main([*arguments, "--any-version"]) == 0
    report = json.loads((tmp_path / "out" / "report" / "report.json").read_text(encoding="utf-8"))
    assert any("masker version 0" in problem for problem in report["data"]["problems"])


def test_the_bundles_own_threshold_is_reported(rows: Path, tmp_path: Path) -> None:
    """The tiny bundle abstains from sentiments under 0.4."""
    lines = [json.loads(line) | {"feel": ("neg", "pos")[i % 2]} for i, line in enumerate(rows.open(encoding="utf-8"))]
    rows.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    given = [f"data.test={rows}", "data.labels.sentiment=feel", "evaluation.suites=[]", "evaluation.resamples=100"]
    report, _ = evaluate(shared_bundle(), given, tmp_path / "out")
    entry = report["tasks"]["sentiment"]["test"]
    assert entry["abstaining"]["threshold"] == 0.4
    assert 0.0 <= entry["abstaining"]["coverage"]["value"] <= 1.0
    assert entry["behaviour"] == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("evaluation.resample=100", "did you mean"),
        ("evaluation.suites=[nothing.yaml]", "a behaviour suite"),
        ("evaluation.language=fr", "evaluation.language"),
        ("trainer.epochs=3", "overrides of data.… and evaluation.…"),
    ],
)
def test_overrides_that_cannot_be_used(rows: Path, tmp_path: Path, given: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        evaluate(shared_bundle(), overrides(rows, given), tmp_path / "out")


def test_a_suite_with_a_slip_is_found_before_anything_is_answered(rows: Path, tmp_path: Path) -> None:
    suite = tmp_path / "ours.yaml"
    test = "  goods: {type: minimum_functionality, expect: {intent: refundd}, texts: [退钱]}\n"
    suite.write_text(SUITE + test, encoding="utf-8")
    with pytest.raises(ConfigError, match="did you mean refund"):
        evaluate(shared_bundle(), overrides(rows, f"evaluation.suites=[{suite}]"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="a bundle, or a run folder"):
        evaluate(tmp_path, [], tmp_path / "out")
