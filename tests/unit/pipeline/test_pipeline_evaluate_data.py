"""Which findings and training counts the report of `xinyi evaluate` carries."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from tiny_bundle import export_tiny, shared_bundle, tiny_model, write_report

from xinyi.config import builders
from xinyi.config.compose import load as compose
from xinyi.data import Dataset, load
from xinyi.errors import BundleError
from xinyi.export import ExportSettings
from xinyi.gates.base import Evidence
from xinyi.gates.facts import DataFindings
from xinyi.gates.limits import BeatsBaseline
from xinyi.pipeline.data_checks import NEAR, check_dataset
from xinyi.pipeline.evaluate import evaluate
from xinyi.pipeline.evaluate_data import own_checked, own_data, with_training_counts
from xinyi.pipeline.folder import RunFolder, write_json, write_yaml

LABELS = ("refund", "logistics", "praise")


def write_rows(path: Path, first: int, count: int) -> None:
    lines = ({"text": f"订单{i * 7919}号的包裹还没有到", "wish": LABELS[i % 3]} for i in range(first, first + count))
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """What training leaves of its data: config.yaml and data.json."""
    for name, first, count in (("train", 0, 30), ("validation", 30, 12), ("test", 42, 12)):
        write_rows(tmp_path / f"{name}.jsonl", first, count)
    files = [f"data.{name}={tmp_path / name}.jsonl" for name in ("train", "validation", "test")]
    config = compose(["task=own", "data=files", *files, "data.labels.intent=wish"])
    folder = RunFolder(tmp_path / "run")
    folder.create()
    dataset = load(builders.data_settings(config), builders.task_specs(config))
    dataset, _ = check_dataset(config, dataset, folder.root, auto="cheap")
    write_yaml(folder.config, asdict(config))
    write_json(folder.data, dataset.summary)
    return folder.root


def again(run: Path) -> Dataset:
    out = RunFolder(run.parent / "out")
    out.create()
    return own_checked(own_data(run), run, out)


def leaks(summary: Mapping[str, Any]) -> tuple[str, str]:
    outcome = DataFindings(of="leaks").check(Evidence({"data": summary}))[0]
    return outcome.answer, outcome.why


def test_the_same_rows_keep_the_runs_own_findings(run: Path) -> None:
    before = json.loads((run / "data.json").read_text(encoding="utf-8"))
    dataset = again(run)
    assert set(dataset.splits) == {"validation", "test"}
    assert dataset.summary["checks"] == before["checks"]
    assert dataset.summary["problems"] == before["problems"]
    assert leaks(dataset.summary)[0] == "pass"
    assert dataset.splits["test"][NEAR].null_count == 0


def test_test_rows_that_were_replaced_by_training_rows_are_found(run: Path) -> None:
    write_rows(run.parent / "test.jsonl", 0, 12)
    dataset = again(run)
    assert leaks(dataset.summary)[0] == "fail"
    assert "not the rows that the run had: test" in dataset.summary["problems"][0]
    assert set(dataset.splits["test"][NEAR].to_pylist()) == {"yes"}
    assert set(dataset.splits) == {"validation", "test"}


def test_other_training_rows_say_nothing_of_leaks(run: Path) -> None:
    """Test rows are copies of former training rows, which are no longer in the training file."""
    before = json.loads((run / "data.json").read_text(encoding="utf-8"))
    write_rows(run.parent / "test.jsonl", 0, 12)
    write_rows(run.parent / "train.jsonl", 60, 30)
    dataset = again(run)
    answer, why = leaks(dataset.summary)
    assert answer == "fail"
    assert "did not run" in why
    assert "train, test" in dataset.summary["problems"][0]
    filled = with_training_counts(dataset.summary, run, shared_bundle())
    assert filled["splits"]["train"] == before["splits"]["train"]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle far from its run, whose report tells what it was trained with."""
    folder = write_report(tmp_path / "report")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    train = {"rows": 40, "labels": {"intent": {"refund": 30, "logistics": 6, "praise": 4}}, "missing": {"intent": 0}}
    report["data"]["splits"]["train"] = train
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    export_tiny(tmp_path / "bundle", tiny_model(), settings=ExportSettings(formats=("onnx",)), report_dir=folder)
    shutil.move(tmp_path / "bundle", tmp_path / "elsewhere" / "bundle")
    return tmp_path / "elsewhere" / "bundle"


def test_a_bundle_away_from_its_run_is_compared_with_the_commonest_training_label(bundle: Path) -> None:
    rows = bundle.parent / "june.jsonl"
    write_rows(rows, 0, 30)
    # A file of this name beside a bundle need not be a run's.
    (bundle.parent / "data.json").write_text("[]", encoding="utf-8")
    given = [f"data.test={rows}", "data.labels.intent=wish", "evaluation.suites=[]", "evaluation.resamples=100"]
    report, _ = evaluate(bundle, given, bundle.parent / "out")
    assert report["tasks"]["intent"]["test"]["baseline"]["accuracy"] == pytest.approx(1 / 3)
    outcome = BeatsBaseline().check(Evidence(report))[0]
    assert "missing" not in outcome.why


def test_a_bundles_report_that_was_changed_is_not_believed(bundle: Path) -> None:
    with (bundle / "report" / "report.json").open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(BundleError, match=r"report/report\.json"):
        with_training_counts({"splits": {}}, bundle, bundle)
