"""MLflow's switches, set before its first import: no telemetry, no chatter, no endless waits."""

from __future__ import annotations

import getpass
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager

# Forced, not only a default: data on customers is near, so nothing calls home.
_FORCED = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
# One progress bar at a time, the training's; and the link is printed by the pipeline.
_QUIET = {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
_TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
_UPLOAD_SECONDS = 300


def switch_telemetry_off() -> None:
    """Telemetry off, for this process and those it starts."""
    os.environ.update(_FORCED)
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)


def bound_requests(timeout: float) -> None:
    """No call to a server waits longer than about twice `timeout` seconds; what the user has set himself stays."""
    wait = str(max(1, math.ceil(timeout)))
    os.environ.setdefault(_TIMEOUT, wait)
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")


def user_name() -> str:
    """Who runs this; containers often run under a number that has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


@contextmanager
def long_uploads() -> Iterator[None]:
    """Inside, a request may take minutes: a model of some hundred megabytes is on its way."""
    allowed = float(os.environ.get(_TIMEOUT, 0))
    with _variable(_TIMEOUT, str(max(int(allowed), _UPLOAD_SECONDS))):
        yield


@contextmanager
def as_global_store(uri: str) -> Iterator[None]:
    """Inside, the parts of MLflow that know no client but the process's own find our store."""
    with _variable("MLFLOW_TRACKING_URI", uri):
        yield


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before
