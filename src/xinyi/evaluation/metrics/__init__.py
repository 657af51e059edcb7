"""Metrics: pure functions of gold answers, decisions and probabilities. numpy only."""

from xinyi.evaluation.metrics.scored import Scored
from xinyi.evaluation.metrics.table import METRICS, Metric, metrics_for, score, score_all

__all__ = ["METRICS", "Metric", "Scored", "metrics_for", "score", "score_all"]
