"""Group `evaluation`: what is measured and how sure."""

from __future__ import annotations

from dataclasses import dataclass

from xinyi.config.schema.fields import setting


@dataclass
class EvaluationConfig:
    """Intervals and what the report shows."""

    resamples: int = setting(1000, "bootstrap resamples for each interval", least=100)
    confidence: float = setting(0.95, "share of resamples inside an interval", least=0.5, most=0.999)
    errors: int = setting(20, "most confident mistakes shown for each task", least=0)
    bins: int = setting(10, "bins of the reliability plot", least=2)
    calibrate: bool = setting(True, "fit temperature and thresholds on validation rows")
