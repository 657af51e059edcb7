"""Tracking: MLflow hears of each stage of a run. The only room that imports mlflow, and only when a run is tracked."""

from __future__ import annotations

from xinyi.tracking.environment import switch_telemetry_off
from xinyi.tracking.opening import open_tracker
from xinyi.tracking.owed import Undelivered, undelivered
from xinyi.tracking.registry import fetch_bundle
from xinyi.tracking.settings import TrackingSettings
from xinyi.tracking.tracker import RUN_KEY, NoTracker, Status, Tracker

switch_telemetry_off()

__all__ = [
    "RUN_KEY",
    "NoTracker",
    "Status",
    "Tracker",
    "TrackingSettings",
    "Undelivered",
    "fetch_bundle",
    "open_tracker",
    "undelivered",
]
