from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from fake_mlflow import FakeServer

from xinyi.errors import TrackingError
from xinyi.tracking import TrackingSettings, open_tracker
from xinyi.tracking.reach import check_reachable


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_server_that_answers_passes(server: FakeServer):
    check_reachable(server.uri, 5)


def test_a_silent_server_is_given_up_in_time(silent: int):
    begun = time.monotonic()
    with pytest.raises(TrackingError, match=r"expected an MLflow server .*; .*tracking=none") as caught:
        open_tracker(TrackingSettings(uri=f"http://me:geheim@127.0.0.1:{silent}", timeout=0.5))
    assert time.monotonic() - begun < 2.0
    assert "geheim" not in str(caught.value)


def test_a_refused_connection_is_told_at_once(server: FakeServer):
    server.stop()
    with pytest.raises(TrackingError, match="refused"):
        open_tracker(TrackingSettings(uri=server.uri, timeout=5))


@pytest.mark.parametrize(
    ("health", "words"),
    [
        ((200, b"<html>hello"), "something else that serves HTTP"),
        ((503, b"down"), "HTTP 503"),
        ((404, b""), "HTTP 404"),
    ],
)
def test_other_servers_are_not_taken_for_mlflow(server: FakeServer, health: tuple[int, bytes], words: str):
    server.health = health
    with pytest.raises(TrackingError, match=words):
        check_reachable(server.uri, 5)


def test_a_database_that_is_not_there_is_told_in_time(server: FakeServer):
    server.stop()
    with pytest.raises(TrackingError, match="refused"):
        check_reachable(f"postgresql+psycopg2://me:geheim@127.0.0.1:{server.port}/mlflow", 2)


@pytest.mark.parametrize("uri", ["./mlruns", "file:///tmp/mlruns", "ftp://host/x"])
def test_stores_that_mlflow_no_longer_takes_are_refused(uri: str):
    with pytest.raises(TrackingError, match=r"tracking\.uri: expected sqlite"):
        open_tracker(TrackingSettings(uri=uri))


def test_an_sqlite_file_without_a_folder_is_refused(tmp_path):
    with pytest.raises(TrackingError, match="no folder"):
        open_tracker(TrackingSettings(uri=f"sqlite:///{tmp_path / 'none' / 'mlflow.db'}"))


def test_a_file_that_is_no_database_is_refused_without_a_traceback(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"this is no database, but long enough to be looked at " * 40)
    with pytest.raises(TrackingError, match="not a database"):
        open_tracker(TrackingSettings(uri=f"sqlite:///{tmp_path / 'mlflow.db'}"))


@pytest.mark.parametrize("name", ["RANK", "LOCAL_RANK"])
def test_only_the_first_process_of_a_distributed_run_tracks(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, "1")
    assert open_tracker(TrackingSettings(uri="http://127.0.0.1:1")).run_id is None
