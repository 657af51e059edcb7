"""From answers to rates: how many cases pass, how many decisions flip, and which failed worst."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.behaviour.cases import Case
from xinyi.evaluation.behaviour.judging import Judgement, judge
from xinyi.evaluation.behaviour.run import Answered, read_answers
from xinyi.evaluation.behaviour.suite import Test
from xinyi.evaluation.errors import names_of, shorten
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.evaluation.tables import wilson
from xinyi.tasks.decode import Decoding, predict, probabilities
from xinyi.tasks.spec import TaskSpec

EXAMPLES = 5


def behaviour_tables(
    path: Path, decodings: Mapping[str, Decoding], settings: EvaluationSettings
) -> dict[str, dict[str, dict[str, Any]]]:
    """`{task: {suite: {test: {suite, type, zh, en, n, pass_rate, flip_rate, examples}}}}`, tests that say nothing about
    a task left out; one without a case has n = 0. suite: the suite's own names.

    pass_rate, flip_rate: {value, low, high, n} with Wilson's interval; flip_rate is null for tests without a change.
    """
    answered = read_answers(path)
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, case in enumerate(answered.cases):
        places[case.suite, case.test].append(place)
    return {
        name: _suites(answered, spec, decodings.get(name, Decoding()), places, settings)
        for name, spec in answered.specs.items()
    }


def _suites(
    answered: Answered,
    spec: TaskSpec,
    decoding: Decoding,
    places: Mapping[tuple[str, str], Sequence[int]],
    settings: EvaluationSettings,
) -> dict[str, dict[str, Any]]:
    sides = [
        probabilities(side[spec.id], spec.kind, decoding.temperature) for side in (answered.before, answered.after)
    ]
    given = [predict(probs, spec.kind, decoding.thresholds) for probs in sides]
    table: dict[str, dict[str, Any]] = {}
    for suite in answered.suites:
        tests = {}
        for test in suite.tests:
            rows = np.array(places.get((suite.name, test.name), []), dtype=np.int64)
            judged = judge(test, spec, *(side[rows] for side in (*sides, *given)))
            if judged is not None:
                cases = [answered.cases[row] for row in rows]
                found = _entry(test, spec, cases, judged, [side[rows] for side in given], settings)
                tests[test.name] = {"suite": {"zh": suite.zh, "en": suite.en}, **found}
        if tests:
            table[suite.name] = tests
    return table


def _entry(
    test: Test,
    spec: TaskSpec,
    cases: Sequence[Case],
    judged: Judgement,
    given: Sequence[NDArray],
    settings: EvaluationSettings,
) -> dict[str, Any]:
    failed = np.flatnonzero(~judged.passed_B)
    worst = failed[np.argsort(-judged.badness_B[failed], kind="stable")][:EXAMPLES]
    changes = test.type != "minimum_functionality"
    return {
        "type": test.type,
        "zh": test.zh,
        "en": test.en,
        "n": len(cases),
        "pass_rate": _rate(judged.passed_B),
        "flip_rate": _rate(judged.flipped_B) if changes else _nothing(len(cases), "the test changes no text"),
        "examples": [
            {
                "text": shorten(cases[row].text) if cases[row].ours or settings.texts else "",
                "changed": _shown(cases[row], settings),
                "before": names_of(given[0][row], spec),
                "after": names_of(given[1][row], spec) if changes else None,
                "expected": judged.expected,
                "change": float(judged.moved_B[row]),
            }
            for row in worst
        ],
    }


def _shown(case: Case, settings: EvaluationSettings) -> str | None:
    if case.changed is None:
        return None
    return shorten(case.changed) if case.ours or settings.texts else ""


def _rate(hits_B: NDArray[np.bool_]) -> dict[str, Any]:
    if not len(hits_B):
        return _nothing(0, "no case: nothing was changed")
    low, high = wilson(float(hits_B.sum()), len(hits_B))
    return {"value": float(hits_B.mean()), "low": low, "high": high, "n": len(hits_B)}


def _nothing(n: int, why: str) -> dict[str, Any]:
    return {"value": None, "low": None, "high": None, "n": n, "why": why}
