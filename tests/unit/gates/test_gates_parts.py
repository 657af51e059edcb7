"""Rules over slices, behaviour suites, exported files and the data's findings."""

from __future__ import annotations

from typing import Any

import pytest
from gate_world import make_report

from xinyi.gates import Evidence, judge, parse_rules


def estimate(value: float, low: float, high: float, n: int = 200) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": n}


def slice_of(value: float, low: float, high: float, n: int = 200) -> dict[str, Any]:
    return {"n": n, "metrics": {"macro_f1": estimate(value, low, high, n)}, "too_small": False}


NOTHING = {"value": None, "low": None, "high": None, "n": 4, "why": "4 rows are too few to tell"}
SMALL = {"n": 4, "metrics": {"macro_f1": NOTHING}, "too_small": True}


def make_sliced() -> dict[str, Any]:
    """The whole is 0.70; 微博 is 0.62 (0.56 to 0.68)."""
    report = make_report()
    entry = report["tasks"]["stars"]["test"]
    entry["slices"] = {
        "channel": {"电话": slice_of(0.72, 0.67, 0.77), "微博": slice_of(0.62, 0.56, 0.68), "fax": SMALL},
        "script": {"traditional": SMALL},
    }
    entry["behaviour"] = {
        "negation": {
            "double": {"n": 40, "pass_rate": estimate(0.90, 0.78, 0.96, 40), "flip_rate": estimate(0.1, 0.0, 0.2, 40)},
            "plain": {"n": 60, "pass_rate": estimate(1.00, 0.94, 1.00, 60), "flip_rate": estimate(0.0, 0.0, 0.1, 60)},
        }
    }
    return report


def outcomes(rule: dict[str, Any], report: dict[str, Any] | None = None, **more: Any) -> list[tuple[str, str]]:
    """(part, answer) of each outcome for the task that has slices."""
    rules = parse_rules([{"task": "stars", **rule}])
    gate = judge(Evidence(report or make_sliced(), **more), rules)
    return [(outcome["part"], outcome["answer"]) for outcome in gate["outcomes"]]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # 0.70 - 0.56 = 0.14 at most, 0.70 - 0.68 = 0.02 at least
        ({"rule": "slice_gap", "maximum": 0.15}, [("channel=微博", "pass")]),
        ({"rule": "slice_gap", "maximum": 0.13}, [("channel=微博", "undecided")]),
        ({"rule": "slice_gap", "maximum": 0.01}, [("channel=微博", "fail")]),
        ({"rule": "slice_gap", "maximum": 0.09, "on": "value"}, [("channel=微博", "pass")]),
        ({"rule": "slice_gap", "maximum": 0.07, "on": "value"}, [("channel=微博", "fail")]),
        ({"rule": "slice_gap", "maximum": 0.04, "value": "电话"}, [("channel=电话", "pass")]),
        ({"rule": "slice_floor", "minimum": 0.56}, [("channel=微博", "pass")]),
        ({"rule": "slice_floor", "minimum": 0.60}, [("channel=微博", "undecided")]),
        ({"rule": "slice_floor", "minimum": 0.69}, [("channel=微博", "fail")]),
        ({"rule": "slice_floor", "minimum": 0.62, "on": "value"}, [("channel=微博", "pass")]),
        ({"rule": "slice_floor", "minimum": 0.5, "value": "fax"}, [("channel", "undecided")]),
        ({"rule": "slice_floor", "minimum": 0.5, "value": "app"}, [("", "fail")]),
        ({"rule": "slice_floor", "minimum": 0.5, "metric": "accuracy"}, [("", "fail")]),
        ({"rule": "slice_gap", "maximum": 0.9, "metric": "accuracy"}, [("", "fail")]),
    ],
)
def test_slices(rule: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert outcomes({"slice": "channel", **rule}) == expected


def test_every_slice_is_judged_and_small_ones_say_so() -> None:
    found = outcomes({"rule": "slice_gap", "maximum": 0.2})
    assert found == [("channel=微博", "pass"), ("script", "undecided")]
    rules = parse_rules([{"rule": "slice_gap", "maximum": 0.2, "task": "stars"}])
    why = judge(Evidence(make_sliced()), rules)["outcomes"][0]["why"]
    assert "the worst of 2 values; 1 values are too small to tell" in why


def test_a_metric_that_is_better_when_lower_has_gaps_too() -> None:
    report = make_sliced()
    channel = report["tasks"]["stars"]["test"]["slices"]["channel"]
    for value, mean in (("电话", 0.30), ("微博", 0.60)):
        channel[value]["metrics"]["mae"] = estimate(mean, mean - 0.05, mean + 0.05)
    rule = {"rule": "slice_gap", "metric": "mae", "slice": "channel"}  # the whole is 0.40
    assert outcomes({**rule, "maximum": 0.26}, report) == [("channel=微博", "pass")]
    assert outcomes({**rule, "maximum": 0.20}, report) == [("channel=微博", "undecided")]
    assert outcomes({**rule, "maximum": 0.10}, report) == [("channel=微博", "fail")]


@pytest.mark.parametrize("spoilt", [None, {}, [], {"channel": {}}, {"channel": None}, {"channel": {"微博": None}}])
def test_a_missing_slice_never_passes(spoilt: Any) -> None:
    report = make_sliced()
    report["tasks"]["stars"]["test"]["slices"] = spoilt
    for rule in ({"rule": "slice_gap", "maximum": 1.0}, {"rule": "slice_floor", "minimum": 0.0}):
        assert {answer for _, answer in outcomes(rule, report)} == {"fail"}
        assert {answer for _, answer in outcomes({**rule, "slice": "channel"}, report)} == {"fail"}


@pytest.mark.parametrize("key", ["value", "low", "high", "n"])
@pytest.mark.parametrize("value", [None, float("nan"), "0.9", 7.5])
def test_a_spoilt_slice_never_passes(key: str, value: Any) -> None:
    report = make_sliced()
    report["tasks"]["stars"]["test"]["slices"]["channel"]["电话"]["metrics"]["macro_f1"][key] = value
    for rule in ({"rule": "slice_gap", "maximum": 1.0}, {"rule": "slice_floor", "minimum": 0.0}):
        assert outcomes({"slice": "channel", **rule}, report) == [("", "fail")]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"minimum": 0.75}, [("negation/double", "pass"), ("negation/plain", "pass")]),
        ({"minimum": 0.80}, [("negation/double", "undecided"), ("negation/plain", "pass")]),
        ({"minimum": 0.97}, [("negation/double", "fail"), ("negation/plain", "undecided")]),
        ({"minimum": 0.90, "on": "value", "test": "double"}, [("negation/double", "pass")]),
        ({"minimum": 0.0, "suite": "emoji"}, [("", "fail")]),
        ({"minimum": 0.0, "suite": "negation", "test": "triple"}, [("negation/triple", "fail")]),
    ],
)
def test_behaviour(rule: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert outcomes({"rule": "behaviour", **rule}) == expected


@pytest.mark.parametrize("spoilt", [None, {}, [], {"negation": {}}, {"negation": {"double": {}}}])
def test_missing_behaviour_never_passes(spoilt: Any) -> None:
    report = make_sliced()
    report["tasks"]["stars"]["test"]["behaviour"] = spoilt
    assert {answer for _, answer in outcomes({"rule": "behaviour", "minimum": 0.0}, report)} == {"fail"}


def test_a_behaviour_test_without_cases_fails() -> None:
    report = make_sliced()
    report["tasks"]["stars"]["test"]["behaviour"]["negation"]["plain"]["n"] = 0
    assert ("negation/plain", "fail") in outcomes({"rule": "behaviour", "minimum": 0.0}, report)


MANIFEST = {
    "files": {"model.onnx": {"bytes": 12_000_000}, "model.safetensors": {"bytes": 15_000_000}},
    "formats": {"onnx": {"file": "model.onnx"}, "safetensors": {"file": "model.safetensors"}},
}


@pytest.mark.parametrize(
    ("rule", "bundle", "expected"),
    [
        ({"maximum": 27}, MANIFEST, "pass"),
        ({"maximum": 26.9}, MANIFEST, "fail"),
        ({"maximum": 12, "format": "onnx"}, MANIFEST, "pass"),
        ({"maximum": 12, "format": "int8"}, MANIFEST, "fail"),
        ({"maximum": 99}, None, "fail"),
        ({"maximum": 99}, {**MANIFEST, "files": {}}, "fail"),
        ({"maximum": 99}, {**MANIFEST, "files": {"model.onnx": {"bytes": None}}}, "fail"),
        ({"maximum": 99}, {**MANIFEST, "files": {"model.onnx": {"bytes": 0}}}, "fail"),
        ({"maximum": 99, "format": "onnx"}, {**MANIFEST, "files": {"other": {"bytes": 1}}}, "fail"),
    ],
)
def test_size(rule: dict[str, Any], bundle: Any, expected: str) -> None:
    assert outcomes({"rule": "size", **rule}, bundle=bundle) == [("", expected)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"maximum": 12}, "pass"),
        ({"maximum": 10}, "undecided"),
        ({"maximum": 7}, "fail"),
        ({"maximum": 9, "on": "value"}, "pass"),
        ({"maximum": 5, "at": "p50"}, "pass"),
    ],
)
def test_latency(rule: dict[str, Any], expected: str) -> None:
    latency = {"p50": estimate(4, 3.8, 4.4), "p95": estimate(9, 8, 12)}
    assert outcomes({"rule": "latency", **rule}, latency=latency) == [("", expected)]
    assert outcomes({"rule": "latency", **rule}) == [("", "fail")]
    assert outcomes({"rule": "latency", **rule}, latency={"p50": None, "p95": {}}) == [("", "fail")]


def finding(check: str, severity: str = "warning", over: bool = True, allowed: str | None = None) -> dict[str, Any]:
    return {"check": check, "severity": severity, "over": over, "allowed": allowed, "message": f"3 rows: {check}"}


FOUND = [
    finding("leaks", "error"),
    finding("rare_labels"),
    finding("scripts", "info"),
    finding("duplicates", over=False),
    finding("near_leaks", allowed="looked at (until 2030-01-01)"),
]
RAN = {"leaks": 0.1, "rare_labels": 0.1, "scripts": 0.1, "duplicates": 0.1, "near_leaks": 0.2}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, "fail"),
        ({"maximum": 1}, "fail"),
        ({"maximum": 2}, "pass"),
        ({"severity": "info", "maximum": 2}, "fail"),
        ({"severity": "error", "maximum": 1}, "pass"),
        ({"of": "leaks"}, "fail"),
        ({"of": "duplicates"}, "pass"),
        ({"of": "near_leaks"}, "pass"),
        ({"of": "scripts"}, "pass"),
        ({"of": "label_errors", "maximum": 9}, "fail"),  # it did not run
    ],
)
def test_data_findings(rule: dict[str, Any], expected: str) -> None:
    report = make_report()
    report["data"]["checks"] = {"ran": RAN, "findings": FOUND}
    assert outcomes({"rule": "data_findings", **rule}, report) == [("", expected)]


@pytest.mark.parametrize(
    "spoilt",
    [None, {}, {"ran": {}, "findings": []}, {"ran": RAN}, {"findings": []}, {"ran": RAN, "findings": [None]},
     {"ran": RAN, "findings": [{"check": "leaks", "severity": "bad", "over": False}]}],
)  # fmt: skip
def test_data_checks_that_did_not_run_never_pass(spoilt: Any) -> None:
    report = make_report()
    report["data"]["checks"] = spoilt
    assert outcomes({"rule": "data_findings", "maximum": 99}, report) == [("", "fail")]


def test_an_undecided_floor_says_how_many_rows_would_decide() -> None:
    rules = parse_rules([{"rule": "floor", "metric": "macro_f1", "minimum": 0.68, "task": "stars"}])
    outcome = judge(Evidence(make_report()), rules)["outcomes"][0]  # 0.70 (0.66 to 0.74), n=400
    error = 0.04 / 1.96
    assert outcome["detectable"] == pytest.approx(2.8016 * error, rel=1e-3)
    assert outcome["more_rows"] == pytest.approx(400 * (2.8016 * error / 0.02) ** 2 - 400, abs=2)
    assert "more labelled rows would decide" in outcome["why"]
