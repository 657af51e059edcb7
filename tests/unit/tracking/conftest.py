from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_mlflow import FakeServer

from xinyi.tracking import TrackingSettings
from xinyi.tracking.mlflow_tracker import MlflowTracker
from xinyi.tracking.store import Store, open_store


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> TrackingSettings:
    """One sqlite store for all tests of the room: making its tables takes seconds."""
    folder = tmp_path_factory.mktemp("store")
    return TrackingSettings(uri=f"sqlite:///{folder / 'mlflow.db'}", artifacts=str(folder / "files"))


@pytest.fixture(scope="session")
def store(settings: TrackingSettings) -> Store:
    return open_store(settings)


@pytest.fixture
def tracker(store: Store) -> MlflowTracker:
    return MlflowTracker(store, sleep=lambda seconds: None)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server


@pytest.fixture
def report_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "report.html").write_text('<meta charset="utf-8">报告', encoding="utf-8")
    (folder / "confusion.svg").write_text("<svg/>", encoding="utf-8")
    return folder
