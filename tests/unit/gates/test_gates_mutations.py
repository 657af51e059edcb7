"""Reports spoilt one thing at a time: each of these passes when whole, and none may pass when spoilt."""

from __future__ import annotations

from typing import Any

import pytest
from gate_world import make_parity, make_report

from xinyi.gates import Evidence, judge, parse_rules

NAN, INF = float("nan"), float("inf")
RULES = {
    "floor": {"rule": "floor", "metric": "macro_f1", "minimum": 0.5},
    "floor_value": {"rule": "floor", "metric": "primary", "minimum": 0.5, "on": "value"},
    "ceiling": {"rule": "ceiling", "metric": "mae", "maximum": 0.9, "task": "stars"},
    "beats_baseline": {"rule": "beats_baseline"},
    "worst_label_recall": {"rule": "worst_label_recall", "minimum": 0.4},
    "calibration": {"rule": "calibration", "maximum": 0.1},
    "rows": {"rule": "rows", "minimum": 100},
    "parity": {"rule": "parity", "maximum": 1e-5, "format": "onnx"},
    "int8_loss": {"rule": "int8_loss", "maximum": 0.005},
}
SPOILERS: list[Any] = [None, NAN, INF, -INF, "0.9", True, [], {}]
MISSING = object()


def evidence() -> dict[str, Any]:
    """A report that every rule passes, and its parity record."""
    return {"report": make_report(), "parity": make_parity()}


def verdict(name: str, found: dict[str, Any]) -> str:
    return judge(Evidence(found["report"], parity=found["parity"]), parse_rules([RULES[name]]))["verdict"]


def spoil(found: dict[str, Any], path: str, value: Any) -> None:
    """Put `value` at a dotted path, or delete what is there."""
    *parents, last = path.split(".")
    place: Any = found
    for key in parents:
        place = place[int(key)] if isinstance(place, list) else place[key]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value


M = "report.tasks.stars.test.metrics"
READS = {
    "floor": [f"{M}.macro_f1.{key}" for key in ("value", "low", "high", "n")],
    "floor_value": [f"{M}.macro_f1.{key}" for key in ("value", "low", "high", "n")] + ["report.primary.stars"],
    "ceiling": [f"{M}.mae.{key}" for key in ("value", "low", "high", "n")],
    "beats_baseline": [f"{M}.macro_f1.low", f"{M}.macro_f1.high", "report.tasks.stars.test.baseline.macro_f1"],
    "worst_label_recall": [
        f"report.tasks.stars.test.per_label.1.{key}" for key in ("recall", "recall_low", "recall_high", "support")
    ],
    "calibration": [f"report.tasks.stars.test.calibration.{key}" for key in ("ece", "low", "high", "n")],
    "rows": [f"{M}.macro_f1.n", "report.primary.stars"],
    "parity": [f"parity.formats.onnx.{key}" for key in ("max_difference", "rows")],
    "int8_loss": [f"parity.int8.tasks.wish.{key}" for key in ("loss", "low", "high", "n", "changed")],
}
NUMBERS = [(name, path, value) for name, paths in READS.items() for path in paths for value in (MISSING, *SPOILERS)]
ABOVE = [
    (name, path)
    for name in ("floor", "floor_value", "beats_baseline", "rows")
    for path in (M, f"{M}.macro_f1", "report.tasks.stars.test", "report.tasks.stars")
]
ABOVE += [
    ("ceiling", f"{M}.mae"),
    ("ceiling", "report.tasks.stars"),
    ("beats_baseline", "report.tasks.stars.test.baseline"),
    ("worst_label_recall", "report.tasks.stars.test.per_label"),
    ("calibration", "report.tasks.stars.test.calibration"),
    ("parity", "parity.formats"),
    ("parity", "parity.formats.onnx"),
    ("int8_loss", "parity.int8"),
    ("int8_loss", "parity.int8.tasks"),
    ("int8_loss", "parity.int8.tasks.stars"),
]


@pytest.mark.parametrize("name", RULES)
def test_the_whole_evidence_passes(name: str) -> None:
    assert verdict(name, evidence()) == "pass"


@pytest.mark.parametrize(("name", "path", "value"), NUMBERS)
def test_a_spoilt_number_never_passes(name: str, path: str, value: Any) -> None:
    found = evidence()
    spoil(found, path, value)
    assert verdict(name, found) == "fail"


@pytest.mark.parametrize("value", [MISSING, "gone"], ids=["missing", "text"])
@pytest.mark.parametrize(("name", "path"), ABOVE)
def test_a_missing_part_never_passes(name: str, path: str, value: Any) -> None:
    """A part taken out fails the rule; taken out of a task altogether, a rule that names the task fails."""
    found = evidence()
    spoil(found, path, value)
    rule = {**RULES[name], "task": "stars"}
    try:
        gate = judge(Evidence(found["report"], parity=found["parity"]), parse_rules([rule]))
    except Exception as error:
        assert type(error).__name__ == "BundleError"  # noqa: PT017 - no report at all is unusable input
    else:
        assert gate["verdict"] == "fail"


def test_what_was_asked_for_and_is_not_there_fails() -> None:
    assert verdict("parity", {**evidence(), "parity": None}) == "fail"


@pytest.mark.parametrize("name", sorted(RULES.keys() - {"parity", "int8_loss"}))
@pytest.mark.parametrize(("key", "value"), [("task", "emotion"), ("split", "validation")])
def test_an_unknown_task_or_split_fails(name: str, key: str, value: str) -> None:
    found = evidence()
    rule = {**RULES[name], key: value}
    gate = judge(Evidence(found["report"], parity=found["parity"]), parse_rules([rule]))
    assert gate["verdict"] == "fail"


def test_a_report_without_tasks_fails() -> None:
    for name in RULES.keys() - {"parity", "ceiling"}:
        assert verdict(name, {**evidence(), "report": {**make_report(), "tasks": {}}}) == "fail"


def test_a_metric_that_another_kind_has_fails() -> None:
    rule = {"rule": "floor", "metric": "jaccard", "minimum": 0.0}
    assert judge(Evidence(make_report()), parse_rules([rule]))["verdict"] == "fail"


def test_interval_ends_in_the_wrong_order_fail() -> None:
    found = evidence()
    found["report"]["tasks"]["stars"]["test"]["metrics"]["macro_f1"].update(low=0.8, high=0.6)
    assert verdict("floor", found) == "fail"


@pytest.mark.parametrize("number", [1.2, -0.2])
def test_a_number_outside_the_metrics_range_fails(number: float) -> None:
    found = evidence()
    found["report"]["tasks"]["stars"]["test"]["metrics"]["macro_f1"].update(value=number, low=number, high=number)
    assert verdict("floor", found) == "fail"


def test_a_primary_metric_pointing_the_other_way_fails() -> None:
    """`primary` is looked up late: a floor under a loss, or a ceiling over a score, must not pass by accident."""
    report = make_report()
    report["primary"]["stars"] = "mae"
    floor = {"rule": "floor", "metric": "primary", "minimum": 0.1, "task": "stars"}
    ceiling = {"rule": "ceiling", "metric": "primary", "maximum": 0.9, "task": "wish"}
    for rule in (floor, ceiling):
        assert judge(Evidence(report), parse_rules([rule]))["verdict"] == "fail"


@pytest.mark.parametrize("value", [MISSING, None, False, "yes", 1])
def test_decisions_that_were_not_compared_fail(value: Any) -> None:
    found = evidence()
    spoil(found, "parity.formats.onnx.argmax_equal", value)
    assert verdict("parity", found) == "fail"


def test_parity_of_nothing_fails() -> None:
    for spoilt in ({}, {"formats": {}}, {"formats": {"onnx": {}}}, []):
        assert verdict("parity", {**evidence(), "parity": spoilt}) == "fail"
    found = evidence()
    found["parity"]["formats"]["onnx"]["rows"] = 0
    assert verdict("parity", found) == "fail"


def test_a_label_left_out_of_the_table_fails() -> None:
    """The worst label must not vanish by its row's vanishing."""
    for label in range(3):
        found = evidence()
        del found["report"]["tasks"]["stars"]["test"]["per_label"][label]
        assert verdict("worst_label_recall", found) == "fail"


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("floor_value", f"{M}.macro_f1.value", 0.9),
        ("floor", f"{M}.macro_f1.low", 0.72),
        ("ceiling", f"{M}.mae.high", 0.38),
        ("beats_baseline", f"{M}.macro_f1.high", 0.68),
        ("calibration", "report.tasks.stars.test.calibration.ece", 0.07),
    ],
)
def test_a_value_outside_its_interval_fails(name: str, path: str, value: float) -> None:
    found = evidence()
    assert verdict(name, found) == "pass"
    spoil(found, path, value)
    assert verdict(name, found) == "fail"
