"""All rules over one report to one verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xinyi.errors import BundleError, ConfigError, describe
from xinyi.evaluation.schema import shape_problems
from xinyi.gates.outcome import FAIL, PASS, UNDECIDED
from xinyi.gates.rules import Evidence, Rule

SCHEMA_VERSION = 1
# 2 is every command's code for unusable input.
EXIT_CODES = {PASS: 0, FAIL: 1, UNDECIDED: 3}


def judge(
    report: Mapping[str, Any],
    rules: Sequence[Rule],
    champion: Mapping[str, Any] | None = None,
    parity: Mapping[str, Any] | None = None,
    report_sha256: str | None = None,
) -> dict[str, Any]:
    """The content of gate.json: {schema_version, verdict, exit_code, report_sha256, outcomes, counts}.

    fail when any outcome is a failure, else undecided when any is undecided, else pass. `report_sha256` ties the
    verdict to the very report file it is about.

    Raises:
        ConfigError: no rules. BundleError: the report or the champion is no report of this schema version.
    """
    if not rules:
        raise ConfigError([describe("at least one rule", "none", "name rules, or leave the gate out", "gate.rules")])
    problems = list(shape_problems(report))
    if champion is not None:
        problems += [f"champion: {text}" for text in shape_problems(champion)]
    if problems:
        raise BundleError(problems, title="report cannot be judged")
    evidence = Evidence(report, champion, parity)
    outcomes = [outcome for rule in rules for outcome in rule.check(evidence)]
    counts = {answer: sum(found.answer == answer for found in outcomes) for answer in (PASS, FAIL, UNDECIDED)}
    verdict = FAIL if counts[FAIL] or not outcomes else UNDECIDED if counts[UNDECIDED] else PASS
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": verdict,
        "exit_code": EXIT_CODES[verdict],
        "report_sha256": report_sha256,
        "outcomes": [outcome.to_dict() for outcome in outcomes],
        "counts": counts,
    }
