"""The end of a run that MLflow did not take, sent from the run folder: nothing is computed anew."""

from __future__ import annotations

from dataclasses import asdict

from xinyi.config import builders
from xinyi.config.schema import TrainConfig
from xinyi.pipeline.folder import RunFolder, read_json
from xinyi.pipeline.guard import guarded
from xinyi.pipeline.train import Outcome, tracked
from xinyi.tracking import Tracker, Undelivered, open_tracker


def deliver(config: TrainConfig, folder: RunFolder, missing: Undelivered) -> Outcome:
    """Tell MLflow of a finished run what it lacks.

    Args:
        missing: as the run left it.

    Raises:
        TrackingError: the server still does not answer, or has no such run.
        BundleError: the run folder is no longer whole.
    """
    with guarded(folder):
        tracker = open_tracker(builders.tracking_settings(config), folder.root)
        tracker.start(config.name, asdict(config), {}, None, missing.run)
        return tracked(tracker, lambda: _told(config, folder, tracker))


def _told(config: TrainConfig, folder: RunFolder, tracker: Tracker) -> Outcome:
    """Everything again, in the order of a run: MLflow ignores what it has, and a model that it has is not sent."""
    report = read_json(folder.report / "report.json")
    outcome = Outcome(folder, tracker.link(), tracker.runs_link(), report=report)
    tracker.dataset(read_json(folder.data))
    tracker.metrics(report)
    tracker.report(folder.report)
    if config.gate.rules:
        outcome.gate = read_json(folder.gate)
        tracker.verdict(outcome.gate)
    if config.export.enabled:
        outcome.bundle = folder.bundle
        tracker.model(folder.bundle, config.export.name, config.tracking.register, report)
    return outcome
