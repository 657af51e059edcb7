"""`xinyi gate` puts its verdict on the report's pages, and leaves a sealed bundle as it is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from xinyi.evaluation import report as reports
from xinyi.evaluation.predictions import write_predictions
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.gates import Evidence, judge, parse_rules, read_report, report_sha256
from xinyi.pipeline import gate
from xinyi.pipeline.gate import gate_report
from xinyi.tasks.spec import Label, TaskSpec

WISH = TaskSpec("wish", "single", (Label("ask", "咨询"), Label("back", "退货")))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder as `xinyi evaluate` leaves it."""
    gold = np.arange(40) % 2
    columns = {"id": [f"{row:016x}" for row in range(40)], "text": ["快递没到"] * 40, "context": [""] * 40}
    table = pa.table({**columns, "label.wish": [WISH.label_ids[k] for k in gold]})
    paths = {"test": tmp_path / "run" / "predictions" / "test.parquet"}
    write_predictions(paths["test"], table, {"wish": np.eye(2)[gold]}, [WISH], "test")
    data = {"name": "演示", "fingerprint": "f", "sources": [], "problems": []}
    data["splits"] = {"test": {"rows": 40, "fingerprint": "e"}}
    report = reports.build(paths, {}, {"name": "demo"}, data, EvaluationSettings(resamples=100))
    reports.write(report, tmp_path / "run" / "report")
    return tmp_path / "run"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text("rules:\n  - {rule: rows, minimum: 50}\n", encoding="utf-8")
    return path


def texts(folder: Path) -> list[str]:
    return [(folder / name).read_text(encoding="utf-8") for name in ("report.md", "report.html")]


def test_the_pages_open_with_the_verdict(run: Path, rules: Path) -> None:
    before, digest = texts(run / "report"), report_sha256(run)
    text, code = gate_report(run, rules=rules)
    assert (text.split()[:2], code) == (["verdict:", "FAIL"], 1)
    after = texts(run / "report")
    for old, new, verdict in zip(before, after, ("**Verdict: fail**", '<header class="hero fail">'), strict=True):
        assert verdict in new
        assert verdict not in old
    # The file that the verdict is tied to is the same one.
    found = json.loads((run / "gate.json").read_text(encoding="utf-8"))
    assert found["report_sha256"] == report_sha256(run) == digest


def test_with_an_output_the_pages_go_there(run: Path, rules: Path, tmp_path: Path) -> None:
    before = texts(run / "report")
    gate_report(run, rules=rules, output=tmp_path / "out")
    assert texts(run / "report") == before
    names = ["gate.json", "gate.md", "gate.xml", "report.html", "report.md"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert "**Verdict: fail**" in texts(tmp_path / "out")[0]


def test_a_bundle_stays_as_it_is(run: Path, rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = judge(Evidence(read_report(run)), parse_rules([{"rule": "rows", "minimum": 50}]))
    monkeypatch.setattr(gate, "judged", lambda *_: verdict)
    (run / "manifest.json").write_text("{}", encoding="utf-8")
    before = texts(run / "report")
    gate_report(run, rules=rules)
    assert texts(run / "report") == before
    assert (run.parent / "gate.json").is_file()


def test_a_folder_without_pages_gets_none(run: Path, rules: Path) -> None:
    for name in ("report.md", "report.html"):
        (run / "report" / name).unlink()
    gate_report(run, rules=rules)
    assert not list((run / "report").glob("report.html"))


def test_a_report_that_no_page_can_show_gets_its_verdict(run: Path, rules: Path) -> None:
    path = run / "report" / "report.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    report["tasks"]["wish"]["test"]["errors"] = [3]
    path.write_text(json.dumps(report), encoding="utf-8")
    assert gate_report(run, rules=rules)[1] == 1
    assert (run / "gate.json").is_file()
