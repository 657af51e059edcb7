"""From suites to cases: the texts that a model has to answer."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xinyi.evaluation.behaviour.suite import Suite, Test
from xinyi.text.perturb import PERTURBATIONS


@dataclass(frozen=True)
class Case:
    """A text, and for tests of a change the changed text. ours: written for the suite, not a customer's."""

    suite: str
    test: str
    text: str
    changed: str | None
    context: str = ""
    ours: bool = True


def make_cases(
    suites: Sequence[Suite], texts: Sequence[str] = (), contexts: Sequence[str] = (), rows: int = 100
) -> list[Case]:
    """Every case of every suite; the same for the same suites and texts.

    texts, contexts: rows of the evaluated data, for tests with `rows: true`; of each perturbation at most `rows` that
    it changes, drawn by their content.
    """
    pairs = list(dict.fromkeys(zip(texts, contexts, strict=True)))
    return [case for suite in suites for test in suite.tests for case in _cases(suite.name, test, pairs, rows)]


def _cases(suite: str, test: Test, rows: Sequence[tuple[str, str]], most: int) -> Iterator[Case]:
    if test.type == "minimum_functionality":
        yield from (Case(suite, test.name, text, None) for text in test.texts)
        return
    yield from (Case(suite, test.name, text, changed) for text, changed in test.pairs)
    for name in test.perturb:
        for text in test.texts:
            if (changed := perturbed(name, text)) != text:
                yield Case(suite, test.name, text, changed)
        yield from _of_rows(suite, test, name, rows, most if test.rows else 0)


def _of_rows(suite: str, test: Test, name: str, rows: Sequence[tuple[str, str]], most: int) -> Iterator[Case]:
    """Rows that the perturbation changes, in an order of their own for each perturbation."""
    drawn = sorted(rows, key=lambda row: _digest(f"{name}\x1f{row[1]}\x1f{row[0]}")) if most else []
    for text, context in drawn:
        if most == 0:
            return
        if (changed := perturbed(name, text)) != text:
            most -= 1
            yield Case(suite, test.name, text, changed, context, ours=False)


def perturbed(name: str, text: str) -> str:
    """The text changed by a perturbation, always in the same way."""
    return PERTURBATIONS[name](text, random.Random(_digest(f"{name}\x1f{text}")))


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
