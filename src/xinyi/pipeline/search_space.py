"""What `xinyi tune` may change: `space.KEY=…` on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinyi.errors import ConfigError, describe

if TYPE_CHECKING:
    import optuna

PREFIX = "space."
_RANGE = re.compile(r"(log|uniform|int)\(([^,]+),([^,]+)\)")
_CHOICE = re.compile(r"\[([^\[\]]+)\]")
_FORMS = "log(a,b), uniform(a,b), int(a,b) or [a,b,…]"


@dataclass(frozen=True)
class Dimension:
    """One key: a range (`log`, `uniform`, `int`) from low to high, or a `choice` among options."""

    key: str
    kind: str
    low: float = 0.0
    high: float = 0.0
    options: tuple[str, ...] = ()

    def suggest(self, trial: optuna.Trial) -> Any:
        """A value for a trial."""
        if self.kind == "choice":
            return trial.suggest_categorical(self.key, self.options)
        if self.kind == "int":
            return trial.suggest_int(self.key, int(self.low), int(self.high))
        return trial.suggest_float(self.key, self.low, self.high, log=self.kind == "log")

    def ends(self) -> list[str]:
        """The values to check before anything is trained: all options, or both ends."""
        if self.kind == "choice":
            return list(self.options)
        return [text(value, self.kind) for value in (self.low, self.high)]


def text(value: Any, kind: str) -> str:
    """A value as an override."""
    return f"{value:.6g}" if kind in ("log", "uniform") else str(int(value) if kind == "int" else value)


def overrides(values: Mapping[str, Any], space: Sequence[Dimension]) -> list[str]:
    """A trial's values as overrides, groups first: a group's YAML would undo keys inside it."""
    found = [f"{dimension.key}={text(values[dimension.key], dimension.kind)}" for dimension in space]
    return sorted(found, key=lambda item: "." in item.split("=")[0])


def parse_space(items: Sequence[str]) -> list[Dimension]:
    """Dimensions from `space.KEY=…`. Raises ConfigError with every item that cannot be read."""
    found, problems = [], []
    for item in items:
        key, _, value = item.removeprefix(PREFIX).partition("=")
        dimension = _dimension(key, value.replace(" ", ""))
        if dimension is None:
            problems.append(describe(_FORMS, repr(value), "correct it", f"{PREFIX}{key}"))
        else:
            problems += _limits(dimension)
            found.append(dimension)
    if not items:
        remedy = "name what may change: 'space.optim.lr=log(1e-4,2e-3)' 'space.recipe=[plain,fgm]'"
        problems.append(describe("a search space", "none", remedy, "tune"))
    if problems:
        raise ConfigError(problems)
    return found


def _dimension(key: str, value: str) -> Dimension | None:
    if match := _CHOICE.fullmatch(value):
        return Dimension(key, "choice", options=tuple(match[1].split(",")))
    if match := _RANGE.fullmatch(value):
        try:
            return Dimension(key, match[1], float(match[2]), float(match[3]))
        except ValueError:
            return None
    return None


def _limits(dimension: Dimension) -> Iterator[str]:
    if dimension.kind != "choice" and not dimension.low < dimension.high:
        got = f"{dimension.low:g} and {dimension.high:g}"
        yield describe("a smaller end and a larger one", got, "swap them", f"{PREFIX}{dimension.key}")
    if dimension.kind == "log" and dimension.low <= 0:
        yield describe("ends above 0 for log", f"{dimension.low:g}", "raise it", f"{PREFIX}{dimension.key}")
