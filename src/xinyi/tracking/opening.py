"""From settings to a tracker."""

from __future__ import annotations

import os
from pathlib import Path

from xinyi.tracking.settings import TrackingSettings
from xinyi.tracking.tracker import NoTracker, Tracker

# Set by torchrun, Lightning's own launcher and Slurm. One process tracks; the others would make runs of their own.
_RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "NODE_RANK")


def open_tracker(settings: TrackingSettings, folder: Path | None = None) -> Tracker:
    """The tracker that the settings ask for; in the other processes of a distributed run one that does nothing.

    Args:
        folder: the run folder, where what MLflow does not take is kept for `xinyi resume`.

    Raises:
        TrackingError: the store cannot be used, or no server answers within `settings.timeout` seconds.
    """
    if not settings.enabled or any(os.environ.get(name, "0") not in ("0", "") for name in _RANKS):
        return NoTracker()
    from xinyi.tracking.mlflow_tracker import MlflowTracker
    from xinyi.tracking.store import open_store

    return MlflowTracker(open_store(settings), folder)
