"""The shape of a report's tables: estimates, slices, behaviour. Standard library only, so that gates can use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xinyi.errors import describe

ESTIMATE_KEYS = ("value", "low", "high", "n")
RATES = ("pass_rate", "flip_rate")
AGAIN = "evaluate again with this version"


def metric_problems(metrics: Any, where: str) -> Iterator[str]:
    """`{metric: estimate}`."""
    if not isinstance(metrics, Mapping):
        yield describe("an object", type(metrics).__name__, AGAIN, where)
        return
    for name, estimate in metrics.items():
        yield from estimate_problems(estimate, f"{where}.{name}")


def estimate_problems(estimate: Any, where: str) -> Iterator[str]:
    """`{value, low, high, n}`: numbers or null; beside a null value a `why`."""
    if not isinstance(estimate, Mapping) or any(key not in estimate for key in ESTIMATE_KEYS):
        yield describe(f"{', '.join(ESTIMATE_KEYS)}", estimate, AGAIN, where)
        return
    if wrong := [key for key in ESTIMATE_KEYS if not _number_or_null(estimate[key])]:
        yield describe("numbers or null", {key: estimate[key] for key in wrong}, AGAIN, where)
    if estimate["value"] is None and not estimate.get("why"):
        yield describe("a reason (why) beside a null", "none", AGAIN, where)


def slice_problems(slices: Any, where: str) -> Iterator[str]:
    """`{slice: {value: {n, metrics: {metric: estimate}, too_small}}}`."""
    for path, entry in _two_deep(slices, where):
        if isinstance(entry, str):
            yield entry
            continue
        if not _count(entry.get("n")):
            yield describe("a count of rows", entry.get("n"), AGAIN, f"{path}.n")
        if not isinstance(entry.get("too_small"), bool):
            yield describe("true or false", entry.get("too_small"), AGAIN, f"{path}.too_small")
        yield from metric_problems(entry.get("metrics"), f"{path}.metrics")


def behaviour_problems(behaviour: Any, where: str) -> Iterator[str]:
    """`{suite: {test: {n, pass_rate: estimate, flip_rate: estimate}}}`."""
    for path, entry in _two_deep(behaviour, where):
        if isinstance(entry, str):
            yield entry
            continue
        if not _count(entry.get("n")):
            yield describe("a count of cases", entry.get("n"), AGAIN, f"{path}.n")
        for name in RATES:
            yield from estimate_problems(entry.get(name), f"{path}.{name}")


def _two_deep(table: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    """Each entry of `{name: {name: entry}}` with its place; a problem's text where there is no object."""
    if not isinstance(table, Mapping):
        yield where, describe("an object", type(table).__name__, AGAIN, where)
        return
    for outer, group in table.items():
        if not isinstance(group, Mapping):
            yield where, describe("an object", type(group).__name__, AGAIN, f"{where}.{outer}")
            continue
        for inner, entry in group.items():
            path = f"{where}.{outer}.{inner}"
            good = isinstance(entry, Mapping)
            yield path, entry if good else describe("an object", type(entry).__name__, AGAIN, path)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number_or_null(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
