from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from fake_mlflow import FakeServer

from xinyi.tracking import buffer as module
from xinyi.tracking.buffer import MetricBuffer
from xinyi.tracking.environment import bound_requests, long_uploads
from xinyi.tracking.kept_points import NAME
from xinyi.tracking.logger import RunLogger


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


def test_steps_are_gathered_into_few_calls(server: FakeServer):
    logger = RunLogger(MetricBuffer(server.uri, "run"), "1")
    for step in range(1200):
        logger.log_metrics({"loss": 1.0, "lr": 0.1, "epoch": 0}, step)
    logger.finalize("success")
    assert len(server.batches) <= 6
    arrived = [point for batch in server.batches for point in batch]
    assert arrived == [(name, step) for step in range(1200) for name in ("loss", "lr")]


def test_a_call_carries_at_most_what_mlflow_takes(server: FakeServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "FLUSH_POINTS", 10**6)
    waiting = MetricBuffer(server.uri, "run")
    for step in range(2500):
        waiting.add({"loss": 1.0}, step)
    assert waiting.flush(force=True)
    assert [len(batch) for batch in server.batches] == [1000, 1000, 500]


def test_time_alone_also_sends(server: FakeServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "FLUSH_SECONDS", 0.0)
    MetricBuffer(server.uri, "run").add({"loss": 1.0}, 1)
    assert server.batches == [[("loss", 1)]]


def test_a_server_that_dies_ends_nothing_and_gets_everything_when_it_is_back(
    server: FakeServer, caplog: pytest.LogCaptureFixture
):
    logger = RunLogger(waiting := MetricBuffer(server.uri, "run"), "1")
    logger.log_metrics({"loss": 1.0}, 0)
    assert waiting.flush(force=True)
    server.stop()
    with caplog.at_level(logging.WARNING, logger=module.__name__):
        for step in range(1, 2000):
            logger.log_metrics({"loss": 1.0}, step)
        logger.finalize("success")
        logger.finalize("success")
    assert [record.name for record in caplog.records] == [module.__name__]  # told once, not at each of three attempts
    assert len(waiting) == 1999
    server.start()
    assert waiting.flush(force=True)
    assert [step for batch in server.batches for _, step in batch] == list(range(2000))
    assert len(waiting) == 0


def test_after_a_failure_training_is_left_alone_for_a_while(server: FakeServer, monkeypatch: pytest.MonkeyPatch):
    waiting = MetricBuffer(server.uri, "run")
    server.stop()
    tried: list[int] = []
    deliver = MetricBuffer._deliver
    monkeypatch.setattr(MetricBuffer, "_deliver", lambda self: (tried.append(1), deliver(self)))
    for step in range(3000):
        waiting.add({"loss": 1.0}, step)
    assert len(tried) == 1
    assert not waiting.flush(force=True)
    assert len(tried) == 2


def test_a_resumed_run_does_not_get_its_points_twice(server: FakeServer):
    waiting = MetricBuffer(server.uri, "run", seen={"loss": 10})
    for step in range(8, 13):
        waiting.add({"loss": 1.0, "new": 2.0}, step)
    waiting.add({"loss": 3.0}, 0, again=True)
    waiting.flush(force=True)
    arrived = [point for batch in server.batches for point in batch]
    assert [step for name, step in arrived if name == "loss"] == [11, 12, 0]
    assert [step for name, step in arrived if name == "new"] == [8, 9, 10, 11, 12]


def test_training_that_goes_back_to_a_checkpoint_sends_no_step_twice(server: FakeServer):
    waiting = MetricBuffer(server.uri, "run")
    for step in (0, 1, 2, 3, 2, 3, 4):
        waiting.add({"loss": 1.0}, step)
    waiting.flush(force=True)
    assert [step for batch in server.batches for _, step in batch] == [0, 1, 2, 3, 4]


def test_the_oldest_points_go_and_are_counted_when_a_server_never_comes_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_POINTS", 5)
    monkeypatch.setattr(MetricBuffer, "flush", lambda self, force=False: False)
    waiting = MetricBuffer("http://127.0.0.1:1", "run")
    for step in range(8):
        waiting.add({"loss": 1.0}, step)
    assert (len(waiting), waiting.lost) == (5, 3)


def test_another_process_opens_a_client_of_its_own(server: FakeServer):
    waiting = MetricBuffer(server.uri, "run")
    waiting.add({"loss": 1.0}, 1)
    waiting.flush(force=True)
    waiting.add({"loss": 1.0}, 2)
    state: dict[str, Any] = waiting.__getstate__()
    assert waiting._client is not None
    assert state["_client"] is None
    assert next(iter(state["_points"]))[3] == 2


def test_uploads_may_take_longer_than_other_requests(monkeypatch: pytest.MonkeyPatch):
    import os

    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_TIMEOUT")
    bound_requests(2.4)
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "3"
    with long_uploads():
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "300"
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "3"


def test_what_was_logged_before_a_checkpoint_is_sent_with_it(server: FakeServer):
    logger = RunLogger(MetricBuffer(server.uri, "run"), "1")
    logger.log_metrics({"loss": 1.0}, 3)
    assert server.batches == []
    logger.save()
    assert server.batches == [[("loss", 3)]]


def test_points_that_wait_outlive_a_kill(server: FakeServer, tmp_path: Path):
    waiting = MetricBuffer(server.uri, "run", folder=tmp_path)
    waiting.add({"loss": 1.0}, 0)
    waiting.flush(force=True)
    assert list(tmp_path.iterdir()) == []  # nothing is written while all arrives
    server.stop()
    for step in range(1, 6):
        waiting.add({"loss": 1.0}, step)
        waiting.flush()
    with open(tmp_path / NAME, "a", encoding="utf-8") as file:
        file.write('["loss", 1.0, 17')  # killed in mid-line
    for round in range(2):  # killed again before anything arrives
        waiting = MetricBuffer(server.uri, "run", {"loss": 0}, folder=tmp_path)
        for step in range(4, 8 + round):  # the resumed run repeats some steps
            waiting.add({"loss": 1.0}, step)
        waiting.flush()
    server.start()
    assert waiting.flush(force=True)
    assert [step for batch in server.batches for _, step in batch] == list(range(9))
    assert list(tmp_path.iterdir()) == []


def test_a_final_metric_that_is_there_already_is_not_sent_again(server: FakeServer):
    waiting = MetricBuffer(server.uri, "run", {"f1": 0}, {"f1": 0.5, "old": 0.1})
    waiting.add({"f1": 0.5, "old": 0.2}, 0, again=True)
    waiting.flush(force=True)
    assert server.batches == [[("old", 0)]]
