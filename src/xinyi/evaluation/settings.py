"""How an evaluation is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from xinyi.errors import ConfigError, describe
from xinyi.tasks.decode import SCORES

LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class AbstainSettings:
    """When a model should rather not answer.

    risk: task → the largest share of wrong answers among those given; other tasks always answer.
    coverage: the share of messages that should be answered: the report says whether it is reached.
    score: what tells how sure an answer is (`tasks.decode.SCORES`).
    promise: fit so that the risk is kept with 95 % probability on new rows, else as seen on the validation rows.

    Raises ConfigError when a number lies outside its range.
    """

    risk: Mapping[str, float] = field(default_factory=dict)
    coverage: float = 0.9
    score: str = "probability"
    promise: bool = True

    def __post_init__(self) -> None:
        """Check every value at once."""
        problems = [
            describe(
                "a share above 0 and below 1", share, "set it, for example 0.03", f"evaluation.abstain_risk.{task}"
            )
            for task, share in self.risk.items()
            if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0.0 < share < 1.0
        ]
        if self.score not in SCORES:
            remedy = "set evaluation.abstain_score"
            problems.append(describe(f"one of {', '.join(SCORES)}", self.score, remedy, "evaluation.abstain_score"))
        if problems:
            raise ConfigError(problems)


@dataclass(frozen=True)
class EvaluationSettings:
    """Plain arguments of an evaluation.

    resamples: bootstrap resamples behind each interval.
    confidence: the share of resamples that an interval covers, between 0 and 1.
    seed: of the resampling; the same seed gives the same intervals.
    errors: how many of the most confident mistakes a report shows.
    bins: equal-mass bins of the reliability table.
    texts: whether mistakes show their text; switch off where personal data was not masked.
    least_slice: rows that a slice needs for its numbers.
    language: in which the page opens, `en` or `zh`; it holds both.
    abstain: when a model should rather not answer.

    Raises ConfigError when a number lies outside its range.
    """

    resamples: int = 1000
    confidence: float = 0.95
    seed: int = 0
    errors: int = 20
    bins: int = 10
    texts: bool = True
    least_slice: int = 30
    language: str = "en"
    abstain: AbstainSettings = field(default_factory=AbstainSettings)

    def __post_init__(self) -> None:
        """Check every number at once."""
        least = {"resamples": 100, "seed": 0, "errors": 0, "bins": 2, "least_slice": 2}
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
