"""The rule that a report's numbers are its answers' own: they are worked out again and held against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from xinyi.errors import ConfigError
from xinyi.evaluation.answers import SplitAnswers
from xinyi.evaluation.measured import measured
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.gates.base import Decision, Evidence, Rule
from xinyi.gates.lookup import Unusable, entry_of, mapping
from xinyi.gates.outcome import PASS
from xinyi.tasks.decode import Decoding
from xinyi.tasks.spec import TaskSpec

ROUNDING = 1e-9
# The settings that numbers depend on, and the most of each: a report may ask for no endless work.
MOST = {"resamples": 100_000, "seed": 2**63, "bins": 10_000, "least_slice": 10**9}
# What nonsense in a report raises somewhere in the evaluation.
NONSENSE = (KeyError, TypeError, ValueError, ArithmeticError, IndexError, AttributeError, MemoryError, ConfigError)


@dataclass(frozen=True, kw_only=True)
class Recomputed(Rule):
    """The numbers of the report are what its answers give when worked out again: a report changed by hand fails.

    Metrics with their intervals, baseline, per-label and confusion tables, slices and calibration; intervals come out
    the same because settings and seed stand in the report. Not looked at, because the answers do not tell: behaviour,
    abstaining, and the training rows' label counts that the baseline is made of.
    """

    name: ClassVar[str] = "recomputed"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return "each number as the stored answers give it"

    def _decide(self, evidence: Evidence, task: str) -> tuple[str, Decision]:
        entry = entry_of(evidence.report, task, self.split)
        own = _own(evidence.report, evidence.rows_of(self.split), task, self.split)
        for name, part in own.items():
            _compare(entry.get(name), part, name)
        count = sum(isinstance(leaf, (int, float)) for leaf in _leaves(own))
        return "metrics", Decision(PASS, self.expectation(), f"{count} numbers", "all of them agree")


def _own(report: Mapping[str, Any], answers: SplitAnswers, task: str, split: str) -> dict[str, Any]:
    """What the answers give; without the baseline where the report does not say what it is made of."""
    raw = mapping(mapping(report.get("decoding"), "decoding").get(task), f"decoding of {task}")
    if task not in answers.tasks:
        raise Unusable(f"the answers lack task {task}")
    rows, spec = answers.tasks[task], _spec(report, task)
    if (spec.kind, spec.label_ids) != (rows.kind, rows.labels):
        raise Unusable(f"the answers have other labels for task {task} than the report")
    slices = {name: values[rows.rows].tolist() for name, values in answers.slices.items()}
    arguments = (answers.units[rows.rows], slices, mapping(report.get("data"), "data"), _settings(report), split)
    try:
        found = measured(spec, rows.gold, rows.logits_BC, Decoding.from_dict(raw), *arguments)
    except NONSENSE as error:
        raise Unusable(f"the decoding of task {task} makes no sense") from error
    return {name: part for name, part in found.items() if part or name != "baseline"}


def _spec(report: Mapping[str, Any], task: str) -> TaskSpec:
    raw = mapping(mapping(report.get("task_specs"), "task_specs").get(task), f"task_specs.{task}")
    try:
        return TaskSpec.from_dict({**raw, "id": task})
    except NONSENSE as error:
        raise Unusable(f"the labels of task {task} make no sense") from error


def _settings(report: Mapping[str, Any]) -> EvaluationSettings:
    raw = mapping(report.get("settings"), "settings")
    whole = {name: raw.get(name) for name in MOST}
    if any(type(value) is not int or value > MOST[name] for name, value in whole.items()):
        raise Unusable("the settings of the report make no sense")
    try:
        return EvaluationSettings(**whole, confidence=raw["confidence"])
    except NONSENSE as error:
        raise Unusable("the settings of the report make no sense") from error


def _compare(told: Any, own: Any, where: str) -> None:
    """Raise Unusable where the report and its answers part."""
    if isinstance(own, Mapping):
        if not isinstance(told, Mapping) or set(told) != set(own):
            raise Unusable(f"{where} has other entries in the report than its answers give")
        for key, value in own.items():
            _compare(told[key], value, f"{where}.{key}")
    elif isinstance(own, list):
        if not isinstance(told, list) or len(told) != len(own):
            raise Unusable(f"{where} has another length in the report than its answers give")
        for place, value in enumerate(own):
            _compare(told[place], value, f"{where}[{place}]")
    elif not _same(told, own):
        raise Unusable(f"{where} is {_shown(told)} in the report, its answers give {_shown(own)}")


def _same(told: Any, own: Any) -> bool:
    numbers = [isinstance(value, (int, float)) and not isinstance(value, bool) for value in (told, own)]
    if all(numbers):
        return abs(told - own) <= ROUNDING * max(1.0, abs(own))
    return type(told) is type(own) and told == own


def _shown(value: Any) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value)[:40]


def _leaves(node: Any) -> Iterator[Any]:
    """All values of nested objects and lists."""
    if isinstance(node, (Mapping, list)):
        for inner in node.values() if isinstance(node, Mapping) else node:
            yield from _leaves(inner)
    else:
        yield node
