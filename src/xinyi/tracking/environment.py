"""MLflow's switches, set before its first import: no telemetry, no chatter, no endless waits."""

from __future__ import annotations

import math
import os

# Forced, not only a default: data on customers is near, so nothing calls home.
_FORCED = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
# One progress bar at a time, the training's; and the link is printed by the pipeline.
_QUIET = {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
_UPLOAD_SECONDS = 300


def switch_telemetry_off() -> None:
    """Telemetry off, for this process and those it starts."""
    os.environ.update(_FORCED)
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)


def bound_requests(timeout: float) -> None:
    """No call to a server waits longer than about twice `timeout` seconds; what the user has set himself stays."""
    wait = str(max(1, math.ceil(timeout)))
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", wait)
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")


class LongUploads:
    """Inside this context a request may take minutes: a model of some hundred megabytes is on its way."""

    name = "MLFLOW_HTTP_REQUEST_TIMEOUT"

    def __enter__(self) -> None:
        self._before = os.environ.get(self.name)
        if self._before is None or float(self._before) < _UPLOAD_SECONDS:
            os.environ[self.name] = str(_UPLOAD_SECONDS)

    def __exit__(self, *_: object) -> None:
        if self._before is None:
            os.environ.pop(self.name, None)
        else:
            os.environ[self.name] = self._before
