"""Reading reports, and a verdict's three faces."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from gate_world import make_report

from xinyi.errors import BundleError
from xinyi.gates import (
    Evidence,
    judge,
    parse_rules,
    read_report,
    render_console,
    render_junit,
    render_markdown,
    report_sha256,
    write,
)

RULES = [
    {"rule": "rows", "minimum": 1},
    {"rule": "floor", "metric": "macro_f1", "minimum": 0.9, "task": "stars"},
    {"rule": "calibration", "maximum": 0.05, "task": "wish"},
]


@pytest.fixture
def gate() -> dict:
    return judge(Evidence(make_report()), parse_rules(RULES))


def test_a_report_is_found_in_a_file_a_run_and_a_bundle(tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / "report").mkdir(parents=True)
    file = run / "report" / "report.json"
    file.write_text(json.dumps(make_report()), encoding="utf-8")
    for place in (file, run, run / "report"):
        assert read_report(place) == make_report()
        assert report_sha256(place) == hashlib.sha256(file.read_bytes()).hexdigest()


def test_what_is_no_report_says_so(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such file or folder"):
        read_report(tmp_path / "none")
    with pytest.raises(BundleError, match="a folder without one"):
        read_report(tmp_path)
    for content in (b"", b"{", b"[]", b'"\xff\xfe"', b'{"schema_version": 2}', b"null"):
        (tmp_path / "report.json").write_bytes(content)
        with pytest.raises(BundleError):
            read_report(tmp_path)


def test_a_nan_in_the_file_fails_its_rule(tmp_path: Path) -> None:
    report = make_report()
    report["tasks"]["stars"]["test"]["metrics"]["macro_f1"]["low"] = float("nan")
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")
    rule = {"rule": "floor", "metric": "macro_f1", "minimum": 0.1, "task": "stars"}
    found = judge(Evidence(read_report(tmp_path)), parse_rules([rule]))
    assert found["verdict"] == "fail"
    assert "nan" in found["outcomes"][0]["why"]


def test_junit_counts_what_is_not_green(gate: dict) -> None:
    suite = ElementTree.fromstring(render_junit(gate)).find("testsuite")
    assert suite is not None
    assert {key: suite.get(key) for key in ("tests", "failures", "errors")} == dict(tests="4", failures="1", errors="1")
    cases = suite.findall("testcase")
    assert len(cases) == 4
    assert [len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "error")] == [1, 1]
    assert "macro_f1" in cases[2].get("name", "")


def test_junit_stays_valid_whatever_the_words(gate: dict) -> None:
    gate["outcomes"][0].update(task='a"<b>&\x00\x0b情感', why="\ud800 </failure>")
    suite = ElementTree.fromstring(render_junit(gate).encode())
    assert "情感" in suite.findall(".//testcase")[0].get("classname", "")


def test_markdown_cells_hold_whatever_the_words(gate: dict) -> None:
    gate["outcomes"][0].update(task="a|b", why="one\ntwo <img>")
    text = render_markdown(gate)
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    assert len(rows) == 4
    assert all(line.replace("\\|", "").count("|") == 8 for line in rows)
    assert "<img>" not in text
    assert "Gate: fail" in text.splitlines()[0]
    assert "floor" in rows[0]


def test_console_is_one_screen_failures_first() -> None:
    many = judge(Evidence(make_report()), parse_rules([*RULES, *RULES[:1] * 30]))
    lines = render_console(many).splitlines()
    assert lines[0].startswith("verdict: FAIL  (1 fail, 1 undecided, 62 pass)")
    assert lines[1].split()[0] == "fail"
    assert len(lines) <= 24
    assert all(len(line) <= 125 for line in lines)
    assert "more in gate.json" in lines[-1]


def test_files_are_written_whole(gate: dict, tmp_path: Path) -> None:
    paths = write(gate, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["gate.json", "gate.md", "gate.xml"]
    assert json.loads(paths["gate.json"].read_text("utf-8")) == gate
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BundleError, match="verdict cannot be written"):
        write(gate, tmp_path / "file")
