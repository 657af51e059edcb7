"""The parent of a sweep's runs, or of those of a study or a search: one MLflow run, made by the first that needs it
and found by the others.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from xinyi.config import builders
from xinyi.config.schema import TrainConfig
from xinyi.errors import TrackingError, describe
from xinyi.pipeline.folder import read_json, write_json
from xinyi.tracking import open_tracker

# Tells a process that trains one run of a study or a search the folder of all of them.
FOLDER = "XINYI_SWEEP"


def environment(folder: Path) -> dict[str, str]:
    """Of a process that trains one run of those in this folder, and says no more than what went wrong."""
    return {**os.environ, "XINYI_LOG": "ERROR", FOLDER: str(folder.resolve())}


def parent_run(config: TrainConfig, sweep: Path, kind: str = "sweep") -> str | None:
    """MLflow id of the sweep's parent run; None when nothing is tracked.

    Runs of a sweep may be started side by side: the first to take the lock makes the parent.

    Raises:
        TrackingError: the store refuses, or the process that was to make the parent did not.
    """
    record = sweep / "sweep.json"
    sweep.mkdir(parents=True, exist_ok=True)
    lock = sweep / ".sweep.lock"
    if not record.is_file() and _taken(lock):
        tracker = open_tracker(builders.tracking_settings(config))
        run = tracker.start_parent(f"{config.name} {kind}", {"sweep": sweep.name})
        # The parent only gathers its children: nothing of its own is still to come.
        tracker.finish("FINISHED")
        write_json(record, {"mlflow_run": run})
    _wait_for(record)
    return read_json(record)["mlflow_run"]


def conclude(config: TrainConfig, sweep: Path, kind: str, found: Mapping[str, str]) -> None:
    """Write what all runs together came to as tags of their parent. Raises TrackingError."""
    if run := parent_run(config, sweep, kind):
        tracker = open_tracker(builders.tracking_settings(config))
        tracker.start(f"{config.name} {kind}", {}, {"kind": kind, **found}, None, run)
        tracker.finish("FINISHED")


def _taken(lock: Path) -> bool:
    """Whether this process is the one that may write."""
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def _wait_for(record: Path, seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while not record.is_file():
        if time.monotonic() > until:
            raise TrackingError(describe("the sweep's parent run", "none after two minutes", f"delete {record.parent}"))
        time.sleep(0.2)
