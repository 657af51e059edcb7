"""Group `evaluation`: what is measured and how sure."""

from __future__ import annotations

from dataclasses import dataclass

from xinyi.config.schema.fields import setting
from xinyi.evaluation.settings import LANGUAGES
from xinyi.tasks.decode import SCORES


@dataclass
class EvaluationConfig:
    """Intervals and what the report shows."""

    resamples: int = setting(1000, "bootstrap resamples for each interval", least=100)
    confidence: float = setting(0.95, "share of resamples inside an interval", least=0.5, most=0.999)
    errors: int = setting(20, "most confident mistakes shown for each task", least=0)
    bins: int = setting(10, "bins of the reliability plot", least=2)
    calibrate: bool = setting(True, "fit temperature and thresholds on validation rows")
    least_slice: int = setting(30, "rows that a slice needs for its numbers", least=2)
    language: str = setting("en", "language that report.html opens in; it holds both", choices=LANGUAGES)
    suites: list[str] = setting(["default"], "behaviour suites: names, or YAML files of your own; [] asks none")
    behaviour_rows: int = setting(100, "evaluated rows that each perturbation is also tried on", least=0)
    abstain_risk: dict[str, float] = setting(
        {}, "task: largest share of wrong answers; unsure ones are then `abstained`"
    )
    abstain_coverage: float = setting(
        0.9, "share of messages that should be answered all the same", least=0.0, most=1.0
    )
    abstain_score: str = setting("probability", "what tells how sure an answer is", choices=SCORES)
    abstain_promise: bool = setting(
        True, "keep the risk with 95 % probability on new rows, not only on validation rows"
    )
