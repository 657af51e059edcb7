from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from xinyi.errors import ConfigError
from xinyi.gates import RULES, parse_rules

WHOLE = [
    {"rule": "floor", "metric": "macro_f1", "minimum": 1, "task": "a", "split": "validation", "on": "value"},
    {"rule": "ceiling", "metric": "log_loss", "maximum": 2.0},
    {"rule": "beats_baseline"},
    {"rule": "worst_label_recall", "minimum": 0.3},
    {"rule": "calibration", "maximum": 0.1},
    {"rule": "rows", "minimum": 50},
    {"rule": "no_regression"},
    {"rule": "parity"},
    {"rule": "size", "maximum": 100},
    {"rule": "latency", "maximum": 50, "at": "p50"},
    {"rule": "slice_floor", "minimum": 0.5, "slice": "channel"},
    {"rule": "slice_gap", "maximum": 0.1},
    {"rule": "behaviour", "minimum": 0.9},
    {"rule": "data_findings"},
    {"rule": "recomputed"},
    {"rule": "int8_loss", "maximum": 0.005},
]


def test_every_rule_can_be_named() -> None:
    rules = parse_rules(WHOLE)
    assert [rule.name for rule in rules] == list(RULES)
    assert (rules[0].minimum, rules[0].split, rules[0].on) == (1.0, "validation", "value")
    assert (rules[1].task, rules[1].split, rules[1].on) == ("*", "test", "high")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"rule": "flor", "metric": "macro_f1", "minimum": 0.5}, "did you mean floor"),
        ({"metric": "macro_f1"}, "expected a rule of"),
        ({"rule": "floor", "metric": "macro_f1", "minimun": 0.5}, "did you mean minimum"),
        ({"rule": "floor", "metric": "macro_f1"}, "add minimum"),
        ({"rule": "floor", "metric": "macrof1", "minimum": 0.5}, "did you mean macro_f1"),
        ({"rule": "floor", "metric": "macro_f1", "minimum": "0.5"}, "a number"),
        ({"rule": "floor", "metric": "macro_f1", "minimum": float("nan")}, "a number"),
        ({"rule": "floor", "metric": "macro_f1", "minimum": True}, "a number"),
        ({"rule": "floor", "metric": "macro_f1", "minimum": None}, "a number"),
        ({"rule": "floor", "metric": "macro_f1", "minimum": 0.5, "on": "high"}, "one of low, value"),
        ({"rule": "floor", "metric": "log_loss", "minimum": 0.5}, "use the rule ceiling"),
        ({"rule": "ceiling", "metric": "accuracy", "maximum": 0.5}, "use the rule floor"),
        ({"rule": "rows", "minimum": 1.5}, "a whole number"),
        ({"rule": "no_regression", "margin": -0.1}, "0 or more"),
        ({"rule": "rows", "minimum": 5, "task": 3}, "text"),
        ("floor", "key: value pairs"),
    ],
)
def test_what_is_wrong_is_named(raw: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse_rules([raw])
    assert "gate.rules[0]" in caught.value.problems[0]


def test_every_problem_is_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_rules([{"rule": "flor"}, {"rule": "rows", "minimum": "x", "tsk": "a"}, *WHOLE, 5])
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize("raw", [[], {}, "floor", None])
def test_no_list_of_rules_is_an_error(raw: Any) -> None:
    with pytest.raises(ConfigError, match="at least one rule"):
        parse_rules(raw)


def test_gates_need_numpy_alone() -> None:
    """A gate runs in a CI job without the training stack."""
    heavy = (
        "{'torch', 'mlflow', 'lightning', 'pytorch_lightning', 'pyarrow', 'scipy', 'sklearn', 'jinja2', 'matplotlib'}"
    )
    code = f"import sys, xinyi.gates; print(sorted({heavy} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
