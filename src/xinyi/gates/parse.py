"""From plain dicts (a YAML file's rules) to rules; everything wrong is reported at once."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from xinyi.errors import ConfigError, describe
from xinyi.evaluation.metrics.table import METRICS
from xinyi.gates.against import NoRegression
from xinyi.gates.base import Rule
from xinyi.gates.exported import Latency, Parity, Size
from xinyi.gates.facts import DataFindings
from xinyi.gates.limits import BeatsBaseline, Calibration, Ceiling, Floor, Rows, WorstLabelRecall
from xinyi.gates.lookup import PRIMARY
from xinyi.gates.parts import Behaviour, SliceFloor, SliceGap
from xinyi.gates.quantised import Int8Loss
from xinyi.gates.recomputed import Recomputed

_KINDS: tuple[type[Rule], ...] = (
    Floor, Ceiling, BeatsBaseline, WorstLabelRecall, Calibration, Rows, NoRegression, Parity, Size, Latency,
    SliceFloor, SliceGap, Behaviour, DataFindings, Recomputed, Int8Loss,
)  # fmt: skip
RULES: dict[str, type[Rule]] = {rule.name: rule for rule in _KINDS}
KEY = "rule"
TYPES = {"str": "text", "int": "a whole number", "float": "a number"}


def parse_rules(raw: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """Rules from dicts such as {"rule": "floor", "metric": "macro_f1", "minimum": 0.7}.

    Raises ConfigError naming every unknown rule or key (with the nearest known one), missing key, wrong type,
    unknown metric, metric that points the other way, or an empty list.
    """
    if isinstance(raw, (str, Mapping)) or not isinstance(raw, Sequence) or not raw:
        problem = describe(
            "a list with at least one rule", repr(raw), "name a rule, or leave the gate out", "gate.rules"
        )
        raise ConfigError([problem])
    problems = [text for place, item in enumerate(raw) for text in _problems(item, f"gate.rules[{place}]")]
    if problems:
        raise ConfigError(problems)
    return [_make(item) for item in raw]


def _make(item: Mapping[str, Any]) -> Rule:
    kind = RULES[item[KEY]]
    numbers = {field.name for field in fields(kind) if field.type == "float"}
    return kind(**{key: float(v) if key in numbers else v for key, v in item.items() if key != KEY})


def _problems(item: Any, where: str) -> Iterator[str]:
    if not isinstance(item, Mapping):
        yield describe("key: value pairs", type(item).__name__, "write rule: floor and its keys", where)
        return
    name = item.get(KEY)
    if name not in RULES:
        yield describe(f"a rule of {', '.join(RULES)}", repr(name), _nearest(name, RULES), f"{where}.{KEY}")
        return
    known = {field.name: field for field in fields(RULES[name])}
    for key, value in item.items():
        if key == KEY:
            continue
        if key not in known:
            yield describe(f"a key of {', '.join(known)}", repr(key), _nearest(key, known), where)
        else:
            yield from _value_problems(RULES[name], key, known[key].type, value, f"{where}.{key}")
    for key, field in known.items():
        if field.default is MISSING and key not in item:
            yield describe(f"{key}", "nothing", f"add {key} to the rule {name}", where)


def _value_problems(rule: type[Rule], key: str, kind: str, value: Any, where: str) -> Iterator[str]:
    """A value's type, range and meaning."""
    if not _is(value, kind):
        yield describe(TYPES[kind], f"{type(value).__name__} {value!r}", "correct the value", where)
        return
    if key in ("margin", "least_support", "least_rows", "maximum") and value < 0:
        yield describe("0 or more", value, "correct the value", where)
    if key in rule.choices and value not in rule.choices[key]:
        yield describe(f"one of {', '.join(rule.choices[key])}", repr(value), _nearest(value, rule.choices[key]), where)
    if key == "metric" and value != PRIMARY:
        yield from _metric_problems(rule, value, where)


def _metric_problems(rule: type[Rule], metric: str, where: str) -> Iterator[str]:
    if metric not in METRICS:
        yield describe(f"primary or a metric of {', '.join(METRICS)}", repr(metric), _nearest(metric, METRICS), where)
    elif rule in (Floor, SliceFloor) and not METRICS[metric].higher_is_better:
        yield describe("a metric that is better when higher", metric, "use the rule ceiling", where)
    elif rule is Ceiling and METRICS[metric].higher_is_better:
        yield describe("a metric that is better when lower", metric, "use the rule floor", where)


def _is(value: Any, kind: str) -> bool:
    """Whether a value has the type that a field's annotation names."""
    if isinstance(value, bool):
        return False
    if kind == "float":
        return isinstance(value, (int, float)) and math.isfinite(value)
    return isinstance(value, {"str": str, "int": int}[kind])


def _nearest(name: Any, known: Any) -> str:
    found = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.5)
    return f"did you mean {found[0]}?" if found else "correct the name"
