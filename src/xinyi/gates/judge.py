"""All rules over one report to one verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xinyi.errors import BundleError, ConfigError, describe
from xinyi.evaluation.schema import shape_problems
from xinyi.gates.against import NoRegression, settle
from xinyi.gates.base import Evidence, Rule
from xinyi.gates.outcome import FAIL, PASS, UNDECIDED, Outcome

SCHEMA_VERSION = 1
SEALS = ("report_sha256", "manifest_sha256", "champion_sha256", "champion_manifest_sha256")
# 2 is every command's code for unusable input.
EXIT_CODES = {PASS: 0, FAIL: 1, UNDECIDED: 3}


def judge(evidence: Evidence, rules: Sequence[Rule], seals: Mapping[str, str | None] | None = None) -> dict[str, Any]:
    """The content of gate.json: {schema_version, verdict, exit_code, …seals, outcomes, counts}.

    fail when any outcome is a failure, else undecided when any is undecided, else pass.

    Args:
        seals: SHA-256 of the report, the bundle's manifest, and the champion's: the very files that this is about.

    Raises:
        ConfigError: no rules. BundleError: the report or the champion is no report of this schema version.
    """
    if not rules:
        raise ConfigError([describe("at least one rule", "none", "name rules, or leave the gate out", "gate.rules")])
    problems = list(shape_problems(evidence.report))
    if evidence.champion is not None:
        problems += [f"champion: {text}" for text in shape_problems(evidence.champion)]
    if problems:
        raise BundleError(problems, title="report cannot be judged")
    outcomes = _outcomes(evidence, rules)
    counts = {answer: sum(found.answer == answer for found in outcomes) for answer in (PASS, FAIL, UNDECIDED)}
    verdict = FAIL if counts[FAIL] or not outcomes else UNDECIDED if counts[UNDECIDED] else PASS
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": verdict,
        "exit_code": EXIT_CODES[verdict],
        **dict.fromkeys(SEALS),
        **(seals or {}),
        "outcomes": [outcome.to_dict() for outcome in outcomes],
        "counts": counts,
    }


def _outcomes(evidence: Evidence, rules: Sequence[Rule]) -> list[Outcome]:
    """In the order of the rules; comparisons with the champion are decided together."""
    found: list[Any] = []
    for rule in rules:
        found += rule.compare(evidence) if isinstance(rule, NoRegression) else rule.check(evidence)
    return settle(found)
