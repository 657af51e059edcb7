"""Each rule's three answers, and the exact boundary."""

from __future__ import annotations

from typing import Any

import pytest
from gate_world import make_parity, make_report
from hypothesis import given
from hypothesis import strategies as st

from xinyi.errors import BundleError, ConfigError
from xinyi.gates import Evidence, judge, parse_rules
from xinyi.gates.outcome import at_least, at_most


def answer(rule: dict[str, Any], task: str = "stars", **evidence: Any) -> str:
    """The one answer of one rule."""
    report = evidence.pop("report", make_report())
    gate = judge(Evidence(report, **evidence), parse_rules([{"task": task, **rule}]))
    assert len(gate["outcomes"]) == 1
    assert gate["verdict"] == gate["outcomes"][0]["answer"]
    return gate["verdict"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"rule": "floor", "metric": "macro_f1", "minimum": 0.65}, "pass"),
        ({"rule": "floor", "metric": "macro_f1", "minimum": 0.66}, "pass"),  # exactly on the low end
        ({"rule": "floor", "metric": "macro_f1", "minimum": 0.6601}, "undecided"),
        ({"rule": "floor", "metric": "macro_f1", "minimum": 0.74}, "undecided"),  # exactly on the high end
        ({"rule": "floor", "metric": "macro_f1", "minimum": 0.7401}, "fail"),
        ({"rule": "floor", "metric": "primary", "minimum": 0.70, "on": "value"}, "pass"),
        ({"rule": "floor", "metric": "primary", "minimum": 0.7001, "on": "value"}, "fail"),
        ({"rule": "ceiling", "metric": "mae", "maximum": 0.46}, "pass"),
        ({"rule": "ceiling", "metric": "mae", "maximum": 0.40}, "undecided"),
        ({"rule": "ceiling", "metric": "mae", "maximum": 0.34}, "undecided"),
        ({"rule": "ceiling", "metric": "mae", "maximum": 0.33}, "fail"),
        ({"rule": "ceiling", "metric": "mae", "maximum": 0.40, "on": "value"}, "pass"),
        ({"rule": "ceiling", "metric": "mae", "maximum": 0.39, "on": "value"}, "fail"),
        ({"rule": "beats_baseline"}, "pass"),
        ({"rule": "beats_baseline", "margin": 0.45}, "pass"),
        ({"rule": "beats_baseline", "margin": 0.47}, "undecided"),
        ({"rule": "beats_baseline", "metric": "mae"}, "pass"),
        ({"rule": "beats_baseline", "metric": "mae", "margin": 0.7}, "undecided"),
        ({"rule": "worst_label_recall", "minimum": 0.5}, "pass"),
        ({"rule": "worst_label_recall", "minimum": 0.6}, "undecided"),
        ({"rule": "worst_label_recall", "minimum": 0.7}, "fail"),
        ({"rule": "worst_label_recall", "minimum": 0.6, "on": "value"}, "pass"),
        ({"rule": "worst_label_recall", "minimum": 0.61, "on": "value"}, "fail"),
        ({"rule": "worst_label_recall", "minimum": 0.5, "least_support": 3}, "undecided"),
        ({"rule": "worst_label_recall", "minimum": 0.5, "least_support": 500}, "undecided"),
        ({"rule": "calibration", "maximum": 0.06}, "pass"),
        ({"rule": "calibration", "maximum": 0.05}, "undecided"),
        ({"rule": "calibration", "maximum": 0.01}, "fail"),
        ({"rule": "calibration", "maximum": 0.04, "on": "value"}, "pass"),
        ({"rule": "rows", "minimum": 400}, "pass"),
        ({"rule": "rows", "minimum": 401}, "fail"),
    ],
)
def test_rules_over_one_report(rule: dict[str, Any], expected: str) -> None:
    assert answer(rule) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.21, 0.3, "pass"), (0.2, 0.3, "undecided"), (0.1, 0.21, "undecided"), (0.1, 0.2, "fail"), (0.1, 0.15, "fail")],
)
def test_equal_to_the_baseline_is_not_better(low: float, high: float, expected: str) -> None:
    report = make_report()
    report["tasks"]["stars"]["test"]["metrics"]["macro_f1"].update(value=(low + high) / 2, low=low, high=high)
    assert answer({"rule": "beats_baseline"}, report=report) == expected


def test_parity_gives_one_outcome_a_format() -> None:
    gate = judge(Evidence(make_report(), parity=make_parity()), parse_rules([{"rule": "parity", "maximum": 2e-6}]))
    assert [(found["metric"], found["answer"]) for found in gate["outcomes"]] == [
        ("onnx", "pass"),
        ("safetensors", "pass"),
    ]
    parity = make_parity()
    parity["formats"]["onnx"]["max_difference"] = 3e-6
    gate = judge(Evidence(make_report(), parity=parity), parse_rules([{"rule": "parity", "maximum": 2e-6}]))
    assert gate["verdict"] == "fail"


def test_star_means_every_task() -> None:
    gate = judge(Evidence(make_report()), parse_rules([{"rule": "rows", "minimum": 1}]))
    assert [found["task"] for found in gate["outcomes"]] == ["stars", "wish"]


def test_verdict_takes_the_worst_answer() -> None:
    rules = {
        "pass": {"rule": "rows", "minimum": 1},
        "undecided": {"rule": "floor", "metric": "macro_f1", "minimum": 0.7},
        "fail": {"rule": "floor", "metric": "macro_f1", "minimum": 0.9},
    }
    for names, verdict, code in (
        (["pass"], "pass", 0),
        (["pass", "undecided"], "undecided", 3),
        (["undecided", "fail", "pass"], "fail", 1),
    ):
        gate = judge(Evidence(make_report()), parse_rules([rules[name] for name in names]), {"report_sha256": "0" * 64})
        assert (gate["verdict"], gate["exit_code"]) == (verdict, code)
        assert gate["report_sha256"] == "0" * 64
        assert gate["counts"] == {name: 2 * names.count(name) for name in ("pass", "fail", "undecided")}


def test_no_rules_and_no_report_are_errors() -> None:
    with pytest.raises(ConfigError):
        judge(Evidence(make_report()), [])
    rules = parse_rules([{"rule": "rows", "minimum": 1}])
    for spoilt in ({}, {**make_report(), "schema_version": 2}, {**make_report(), "tasks": []}):
        with pytest.raises(BundleError):
            judge(Evidence(spoilt), rules)
        with pytest.raises(BundleError, match="champion"):
            judge(Evidence(make_report(), champion=spoilt), rules)


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(-1, 2))
def test_at_most_mirrors_at_least(low: float, width: float, limit: float) -> None:
    high = low + width
    assert at_least(low, high, limit) == at_most(-high, -low, -limit)
    assert at_least(low, high, low) == "pass"
    # A stricter limit never gives a better answer.
    order = ("fail", "undecided", "pass")
    assert order.index(at_least(low, high, limit + 0.1)) <= order.index(at_least(low, high, limit))


def test_int8_is_judged_by_the_loss_or_by_the_end_of_its_interval() -> None:
    def answers(**rule) -> set[str]:
        gate = judge(Evidence(make_report(), parity=make_parity()), parse_rules([{"rule": "int8_loss", **rule}]))
        return {found["answer"] for found in gate["outcomes"]}

    assert answers(maximum=0.002) == {"pass"}
    assert answers(maximum=0.0019) == {"fail"}
    assert answers(maximum=0.004, on="high") == {"pass"}
    assert answers(maximum=0.0039, on="high") == {"fail"}


def test_a_bundle_that_left_int8_out_passes_and_says_why() -> None:
    parity = make_parity()
    parity["int8"] = {"kept": False, "why": "the best of 5 settings loses 0.0310", "tasks": {}}
    gate = judge(Evidence(make_report(), parity=parity), parse_rules([{"rule": "int8_loss", "maximum": 0.005}]))
    (found,) = gate["outcomes"]
    assert (found["answer"], found["got"]) == ("pass", "no int8 in the bundle")
    assert "loses 0.0310" in found["why"]
