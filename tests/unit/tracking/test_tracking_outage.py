"""The server goes away for two minutes in mid-training: training goes on, and every metric arrives once."""

from __future__ import annotations

import itertools
import time
from types import SimpleNamespace

import pytest
from fake_mlflow import FakeServer
from tiny_training import tiny_run

from xinyi.tracking import buffer as module
from xinyi.tracking.buffer import MetricBuffer
from xinyi.tracking.logger import RunLogger
from xinyi.training.fit import fit

STEP = 5.0  # seconds that a training step is said to take
AWAY = range(6, 30)  # steps: two minutes


class Shaky(RunLogger):
    """A logger whose server is away for some steps, and whose clock is that of the steps."""

    def __init__(self, server: FakeServer, clock: SimpleNamespace) -> None:
        super().__init__(MetricBuffer(server.uri, "run"), "1")
        self.server, self.clock, self.during = server, clock, []

    def log_metrics(self, metrics, step=None):
        self.clock.now = STEP * step
        if step == AWAY.start and "train/loss" in metrics:
            self.server.stop()
        if step == AWAY.stop and "train/loss" in metrics:
            self.server.start()
        super().log_metrics(metrics, step)
        if step in AWAY:
            self.during.append(len(self._buffer))


def test_two_minutes_without_a_server(server: FakeServer, tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now, time_ns=time.time_ns))
    tried: list[float] = []
    deliver = MetricBuffer._deliver
    monkeypatch.setattr(MetricBuffer, "_deliver", lambda self: (tried.append(clock.now), deliver(self)))
    run = tiny_run(epochs=12)
    logger = Shaky(server, clock)
    result = fit(run.module, run.train, run.validation, tmp_path, run.settings, [logger])
    assert result.steps == 12 * len(run.train) > AWAY.stop + 30  # it went on, and was longer than the outage
    assert logger.during == sorted(logger.during)  # kept, not dropped
    # Asked less and less often while the server was away.
    pauses = [b - a for a, b in itertools.pairwise(t for t in tried if AWAY.start <= t / STEP < AWAY.stop)]
    assert pauses == sorted(pauses)
    assert len(pauses) <= 4
    arrived = [point for batch in server.batches for point in batch]
    assert len(set(arrived)) == len(arrived)
    assert [step for name, step in arrived if name == "train/loss"] == list(range(result.steps))
    assert len([step for name, step in arrived if name == "val/primary"]) == 12
