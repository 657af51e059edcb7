"""The last lines of a run, and the exit code they come with."""

from __future__ import annotations

from pathlib import Path

import pytest

from xinyi.commands.screen import show_outcome
from xinyi.gates import Evidence, judge, parse_rules
from xinyi.pipeline.folder import RunFolder
from xinyi.pipeline.train import Outcome

METRIC = {"value": 0.70, "low": 0.66, "high": 0.74, "n": 400}
REPORT = {
    "schema_version": 1,
    "run": {},
    "data": {},
    "decoding": {},
    "primary": {"stars": "macro_f1"},
    "task_specs": {"stars": {"id": "stars", "zh": "星级"}},
    "tasks": {"stars": {"test": {"metrics": {"macro_f1": METRIC}, "baseline": {"macro_f1": 0.2}}}},
}


def outcome(minimum: float | None) -> Outcome:
    """A run judged by one floor, or by nothing."""
    rules = parse_rules([{"rule": "floor", "metric": "macro_f1", "minimum": minimum}]) if minimum else None
    gate = judge(Evidence(REPORT), rules) if rules else None
    links = {"link": "http://127.0.0.1:5000/#/x", "runs_link": "http://127.0.0.1:5000/#/all"}
    return Outcome(RunFolder(Path("runs/r")), **links, gate=gate, bundle=Path("runs/r/bundle"), report=REPORT)


@pytest.mark.parametrize(("minimum", "verdict", "code"), [(0.5, "pass", 0), (0.9, "fail", 1), (0.7, "undecided", 3)])
def test_the_verdict_is_shown_and_enforced_only_when_asked(capsys, minimum, verdict, code):
    assert show_outcome(outcome(minimum), enforce=True) == code
    assert show_outcome(outcome(minimum), enforce=False) == 0
    text = capsys.readouterr().out
    assert text.count(f"verdict  {verdict}\n") == 2
    assert f"verdict: {verdict.upper()}" in text


def test_everything_a_user_needs_next_is_named(capsys):
    show_outcome(outcome(0.5), enforce=False)
    lines = capsys.readouterr().out.splitlines()
    assert "stars 星级: macro_f1 0.700 (0.660–0.740) on 400 test rows; a constant answer scores 0.200" in lines
    for line in (
        "run      runs/r", "report   runs/r/report/report.html", "MLflow   http://127.0.0.1:5000/#/x",
        "compare  http://127.0.0.1:5000/#/all", "bundle   runs/r/bundle",
    ):  # fmt: skip
        assert line in lines


def test_what_was_left_out_is_said(capsys):
    assert show_outcome(Outcome(RunFolder(Path("r")), "", report=REPORT), enforce=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert not any(line.startswith("compare") for line in lines)
    assert "MLflow   none: tracking.enabled=false" in lines
    assert "verdict  none: no rules" in lines
    assert "bundle   none: export.enabled=false" in lines
