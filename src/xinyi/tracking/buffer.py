"""Metrics on their way to MLflow: written in batches, kept while the server is away."""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinyi.tracking.flatten import METRICS_PER_CALL, clean_key
from xinyi.tracking.kept_points import KeptPoints, Point
from xinyi.tracking.store import failures, reason

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

# One call costs about 10 ms on sqlite however few points it carries: as much as a training step.
FLUSH_POINTS = 500
FLUSH_SECONDS = 5.0
FIRST_PAUSE = 15.0
LONGEST_PAUSE = 300.0
MOST_POINTS = 500_000


class MetricBuffer:
    """Collects points (name, value, milliseconds, step) of one run and delivers them in order.

    A delivery that fails is warned of once and tried again after a pause that doubles, so that a server which
    accepts connections but never answers takes little of the training's time.

    Args:
        uri, run_id: where to.
        seen: last step that the run already has of each name; older points are dropped (a resumed run repeats some).
        latest: the value that it has last of each name; a final metric that is there already is not sent again.
        folder: the run folder, where points are kept while the server is away; None keeps them in memory only.
    """

    def __init__(
        self,
        uri: str,
        run_id: str,
        seen: Mapping[str, int] | None = None,
        latest: Mapping[str, float] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.uri, self.run_id = uri, run_id
        self.lost = 0
        self._seen, self._latest = dict(seen or {}), dict(latest or {})
        self._points: deque[Point] = deque(maxlen=MOST_POINTS)
        self._kept, self._fresh = KeptPoints(folder), 0  # points that are not in the file yet
        for point in self._kept.read():
            self._take(point)
        self._flushed = time.monotonic()
        self._not_before = 0.0
        self._pause = 0.0
        self._warned = False
        self._client: tuple[int, MlflowClient] | None = None

    def __len__(self) -> int:
        """Points that wait."""
        return len(self._points)

    def __getstate__(self) -> dict[str, Any]:
        """Without the client: a process of its own opens its own."""
        return {**self.__dict__, "_client": None}

    def add(self, metrics: Mapping[str, Any], step: int, again: bool = False) -> None:
        """Take metrics of a step; with `again` also those that a resumed run has. No failure of MLflow is raised."""
        now = time.time_ns() // 1_000_000
        for name, value in metrics.items():
            key = clean_key(name)
            if self._latest.get(key) != value if again else step > self._seen.get(key, -1):
                self._take((key, float(value), now, step))
        if len(self._points) >= FLUSH_POINTS or time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self.flush()

    def _take(self, point: Point) -> None:
        key, value, _, step = point
        # Also within a process: training that ran out of memory repeats some steps.
        self._seen[key] = max(step, self._seen.get(key, -1))
        self._latest[key] = value
        self.lost += len(self._points) == MOST_POINTS
        self._points.append(point)
        self._fresh += 1

    def flush(self, force: bool = False) -> bool:
        """Deliver what waits; True when nothing is left. Within the pause after a failure only `force` tries."""
        if not self._points:
            self._flushed = time.monotonic()
            return True
        if not force and time.monotonic() < self._not_before:
            self._keep()
            return False
        try:
            self._deliver()
        except failures() as error:
            self._failed(error)
            self._keep()
            return False
        self._pause, self._fresh = 0.0, 0
        self._flushed = time.monotonic()
        self._kept.clear()
        return True

    def _keep(self) -> None:
        self._kept.keep(self._points, self._fresh)
        self._fresh = 0

    def _deliver(self) -> None:
        from mlflow.entities import Metric

        client = self._own_client()
        while self._points:
            batch = list(islice(self._points, METRICS_PER_CALL))
            client.log_batch(self.run_id, metrics=[Metric(*point) for point in batch])
            # Only what has arrived is forgotten; MLflow ignores a point that it gets twice.
            for _ in batch:
                self._points.popleft()

    def _own_client(self) -> MlflowClient:
        from mlflow import MlflowClient

        if self._client is None or self._client[0] != os.getpid():
            self._client = (os.getpid(), MlflowClient(tracking_uri=self.uri, registry_uri=self.uri))
        return self._client[1]

    def _failed(self, error: Exception) -> None:
        self._pause = min(LONGEST_PAUSE, 2 * self._pause or FIRST_PAUSE)
        self._not_before = time.monotonic() + self._pause
        if not self._warned:
            self._warned = True
            log.warning(
                "MLflow does not take metrics (%s); the run goes on, they are kept and sent later", reason(error)
            )
