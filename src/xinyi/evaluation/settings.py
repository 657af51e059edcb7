"""How an evaluation is done."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from xinyi.errors import ConfigError, describe


@dataclass(frozen=True)
class EvaluationSettings:
    """Plain arguments of an evaluation.

    resamples: bootstrap resamples behind each interval.
    confidence: the share of resamples that an interval covers, between 0 and 1.
    seed: of the resampling; the same seed gives the same intervals.
    errors: how many of the most confident mistakes a report shows.
    bins: equal-mass bins of the reliability table.
    texts: whether mistakes show their text; switch off where personal data was not masked.

    Raises ConfigError when a number lies outside its range.
    """

    resamples: int = 1000
    confidence: float = 0.95
    seed: int = 0
    errors: int = 20
    bins: int = 10
    texts: bool = True

    def __post_init__(self) -> None:
        """Check every number at once."""
        least = {"resamples": 100, "seed": 0, "errors": 0, "bins": 2}
        problems = [
            describe(f"at least {low}", getattr(self, name), f"set evaluation.{name}", f"evaluation.{name}")
            for name, low in least.items()
            if getattr(self, name) < low
        ]
        if not 0.5 <= self.confidence < 1.0:
            where = "evaluation.confidence"
            problems.append(
                describe("0.5 or more and below 1", self.confidence, f"set {where}, for example 0.95", where)
            )
        if problems:
            raise ConfigError(problems)

    def to_dict(self) -> dict[str, Any]:
        """Plain primitives, as they stand in reports."""
        return asdict(self)
