"""The parent of a sweep's runs, or of those of a study or a search: one MLflow run, made by the first that needs it
and found by the others.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from xinyi.config import builders
from xinyi.config.schema import TrainConfig
from xinyi.pipeline.folder import read_json, write_json
from xinyi.tracking import open_tracker

# Tells a process that trains one run of a study or a search the folder of all of them.
FOLDER = "XINYI_SWEEP"


def environment(folder: Path) -> dict[str, str]:
    """Of a process that trains one run of those in this folder, and says no more than what went wrong."""
    return {**os.environ, "XINYI_LOG": "ERROR", FOLDER: str(folder.resolve())}


def parent_run(config: TrainConfig, sweep: Path, kind: str = "sweep") -> str | None:
    """MLflow id of the sweep's parent run; None when nothing is tracked.

    Runs of a sweep may be started side by side: the first to take the lock makes the parent, the others wait.

    Raises:
        TrackingError: the store refuses; the next call tries again.
    """
    record = sweep / "sweep.json"
    sweep.mkdir(parents=True, exist_ok=True)
    with _locked(sweep / ".sweep.lock"):
        if not record.is_file():
            tracker = open_tracker(builders.tracking_settings(config))
            run = tracker.start_parent(f"{config.name} {kind}", {"sweep": sweep.name})
            # The parent only gathers its children: nothing of its own is still to come.
            tracker.finish("FINISHED")
            write_json(record, {"mlflow_run": run})
    return read_json(record)["mlflow_run"]


def conclude(config: TrainConfig, sweep: Path, kind: str, found: Mapping[str, str]) -> None:
    """Write what all runs together came to as tags of their parent. Raises TrackingError."""
    if run := parent_run(config, sweep, kind):
        tracker = open_tracker(builders.tracking_settings(config))
        tracker.start(f"{config.name} {kind}", {}, {"kind": kind, **found}, None, run)
        tracker.finish("FINISHED")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that the system lets go of when a process dies."""
    with open(path, "a", encoding="ascii") as file:
        with suppress(OSError):  # a network folder without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
