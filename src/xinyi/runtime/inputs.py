"""Check what callers hand in: clear errors that name positions, never the customers' words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xinyi.errors import DataError, describe

SHOWN = 10


class InputError(DataError, TypeError):
    """Texts that are no texts. A TypeError too, for callers who know nothing of this package."""

    title = "texts cannot be classified"


def check_texts(texts: Any, contexts: Any = None) -> tuple[list[str], list[str]]:
    """Texts and contexts as two lists of equal length; a missing context is "".

    Raises:
        InputError: not a list of strings, or as many contexts as texts were expected and others came.
    """
    problems: list[str] = []
    rows = _listed(texts, "texts", problems)
    turns = [""] * len(rows) if contexts is None else _listed(contexts, "contexts", problems)
    turns = ["" if turn is None else turn for turn in turns]
    if not problems and len(turns) != len(rows):
        problems.append(describe(f"{len(rows)} contexts, one a text", len(turns), "give None where there is none"))
    problems += _strays(rows, "text") + _strays(turns, "context")
    if problems:
        raise InputError(problems)
    return rows, turns


def _listed(values: Any, what: str, problems: list[str]) -> list[Any]:
    if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__iter__"):
        remedy = "put a single text in a list" if isinstance(values, str) else "give a list of strings"
        problems.append(describe(f"a list of {what}", f"one {type(values).__name__}", remedy))
        return []
    return list(values)


def _strays(values: list[Any], what: str) -> list[str]:
    strays = [(i, type(value).__name__) for i, value in enumerate(values) if not isinstance(value, str)]
    problems = [
        describe("a string", kind, "turn it into text or leave it out", f"{what} at position {i} (from 0)")
        for i, kind in strays[:SHOWN]
    ]
    if len(strays) > SHOWN:
        problems.append(f"{len(strays) - SHOWN} more of {len(values)} {what}s are not strings")
    return problems
