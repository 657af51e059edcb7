"""What may stand in a behaviour suite's YAML; every problem of a file at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from xinyi.errors import describe
from xinyi.text.perturb import PERTURBATIONS

TYPES = ("minimum_functionality", "invariance", "directional")
DIRECTIONS = ("up", "down", "not_up", "not_down")
POLARITY = "polarity"
POLES = ("negative", "neutral", "positive")
KEYS = ("type", "zh", "en", "texts", "pairs", "perturb", "rows", "expect", "tasks")
WRITE = "see docs/report.md, Behaviour suites"


def problems(raw: Any, where: str) -> Iterator[str]:
    """What is wrong with a file's content."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("tests"), Mapping) or not raw["tests"]:
        yield describe("`suite:` with `tests:` {name: test}", type(raw).__name__, WRITE, where)
        return
    if not isinstance(raw.get("suite"), str) or not raw["suite"]:
        yield describe("a name under `suite:`", repr(raw.get("suite")), WRITE, where)
    for name, test in raw["tests"].items():
        if not isinstance(test, Mapping):
            yield describe("key: value pairs", type(test).__name__, WRITE, f"{where} {name}")
            continue
        yield from _test_problems(test, f"{where} {name}")


def _test_problems(test: Mapping[str, Any], where: str) -> Iterator[str]:
    for key in test:
        if key not in KEYS:
            yield describe(f"a key of {', '.join(KEYS)}", repr(key), nearest(key, KEYS), where)
    kind = test.get("type")
    if kind not in TYPES:
        yield describe(f"type one of {', '.join(TYPES)}", repr(kind), nearest(kind, TYPES), where)
        return
    yield from _text_problems(test, where)
    yield from _perturbation_problems(test, where)
    yield from _expectation_problems(test, where)


def _text_problems(test: Mapping[str, Any], where: str) -> Iterator[str]:
    texts, pairs = test.get("texts") or [], test.get("pairs") or []
    if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
        yield describe("a list of texts", repr(texts)[:60], "put quotes round numbers and yes or no", f"{where} texts")
    sound = isinstance(pairs, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in pairs)
    if not sound or not all(isinstance(text, str) for pair in pairs for text in pair):
        yield describe("a list of [text, changed text]", repr(pairs)[:60], WRITE, f"{where} pairs")
    if not texts and not pairs and not test.get("rows"):
        yield describe("texts, pairs or rows: true", "none", "add some", where)


def _perturbation_problems(test: Mapping[str, Any], where: str) -> Iterator[str]:
    given = test.get("perturb") or []
    names = [given] if isinstance(given, str) else given
    for name in names:
        if name not in PERTURBATIONS:
            remedy = nearest(name, PERTURBATIONS)
            yield describe(f"perturbations of {', '.join(PERTURBATIONS)}", repr(name), remedy, f"{where} perturb")
    if test["type"] == "minimum_functionality":
        if names or test.get("pairs") or test.get("rows"):
            yield describe("texts alone", "a change", "use invariance or directional for it", where)
    elif (test.get("texts") or test.get("rows")) and not names:
        yield describe("a perturbation for the texts", "none", "name one under perturb, or give pairs", where)


def _expectation_problems(test: Mapping[str, Any], where: str) -> Iterator[str]:
    expect = test.get("expect") or {}
    if test["type"] == "invariance":
        if expect:
            yield describe("no expectation: the answer stays", repr(expect), "take expect away", where)
        return
    if not isinstance(expect, Mapping) or not expect:
        yield describe("expect: {task: what must come out}", repr(expect), WRITE, where)
        return
    for task, wanted in expect.items():
        yield from _wanted_problems(test["type"], task, wanted, f"{where} expect.{task}")


def _wanted_problems(kind: str, task: str, wanted: Any, where: str) -> Iterator[str]:
    """One task's expectation."""
    if kind == "minimum_functionality":
        labels = [wanted] if isinstance(wanted, str) else wanted
        if not isinstance(labels, list) or not labels or not all(isinstance(label, str) for label in labels):
            yield describe("a label or a list of labels", repr(wanted), WRITE, where)
        elif task == POLARITY and (strays := [label for label in labels if label not in POLES]):
            yield describe(f"polarity among {', '.join(POLES)}", strays, "correct it", where)
        return
    directions = [wanted] if task == POLARITY else list(wanted.values()) if isinstance(wanted, Mapping) else [None]
    if strays := [repr(found) for found in directions if found not in DIRECTIONS]:
        expected = f"{'' if task == POLARITY else '{label: direction}, '}one of {', '.join(DIRECTIONS)}"
        yield describe(expected, ", ".join(strays), WRITE, where)


def nearest(name: Any, known: Any, otherwise: str = WRITE) -> str:
    """What to do about an unknown name: the known one that it resembles, else `otherwise`."""
    found = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.5)
    return f"did you mean {found[0]}?" if found else otherwise
