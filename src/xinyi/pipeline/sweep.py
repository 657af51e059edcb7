"""The parent of a sweep's runs: one MLflow run, made by the first of them and found by the others."""

from __future__ import annotations

import os
import time
from pathlib import Path

from xinyi.config import builders
from xinyi.config.schema import TrainConfig
from xinyi.errors import TrackingError, describe
from xinyi.pipeline.folder import read_json, write_json
from xinyi.tracking import open_tracker


def parent_run(config: TrainConfig, sweep: Path) -> str | None:
    """MLflow id of the sweep's parent run; None when nothing is tracked.

    Runs of a sweep may be started side by side: the first to take the lock makes the parent.
    """
    record = sweep / "sweep.json"
    sweep.mkdir(parents=True, exist_ok=True)
    lock = sweep / ".sweep.lock"
    if not record.is_file() and _taken(lock):
        tracker = open_tracker(builders.tracking_settings(config))
        run = tracker.start_parent(f"{config.name} sweep", {"sweep": sweep.name})
        # The parent only gathers its children: nothing of its own is still to come.
        tracker.finish("FINISHED")
        write_json(record, {"mlflow_run": run})
    _wait_for(record)
    return read_json(record)["mlflow_run"]


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
