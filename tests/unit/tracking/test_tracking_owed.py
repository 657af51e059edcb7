"""MLflow away at the end of a run: waited for, then marked in the run folder, then sent by whoever goes on with it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny_bundle import shared_bundle
from tracking_world import TAGS, make_report, make_summary

from xinyi.errors import BundleError
from xinyi.tracking import undelivered
from xinyi.tracking.kept_points import NAME as POINTS
from xinyi.tracking.mlflow_tracker import MlflowTracker
from xinyi.tracking.owed import NAME, PAUSES
from xinyi.tracking.store import Store

GATE = {"verdict": "pass", "counts": {"pass": 1, "fail": 0, "undecided": 0}}
CALLS = (
    "log_batch", "log_inputs", "log_artifacts", "set_terminated", "set_experiment_tag", "create_logged_model",
    "create_registered_model", "create_model_version",
)  # fmt: skip


class Network:
    """While `away`, every call in `calls` fails."""

    def __init__(self, client: type, patch: pytest.MonkeyPatch) -> None:
        self.away, self.calls = False, CALLS
        for name in CALLS:
            patch.setattr(client, name, self._through(name, getattr(client, name)))

    def _through(self, name: str, whole: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.away and name in self.calls:
                raise ConnectionError("connection refused")
            return whole(*args, **kwargs)

        return call


@pytest.fixture
def network(store: Store) -> Iterator[Network]:
    with pytest.MonkeyPatch.context() as patch:
        yield Network(type(store.client), patch)


def tell(tracker: MlflowTracker, files: Path, name: str) -> None:
    tracker.dataset(make_summary())
    tracker.metrics(make_report())
    tracker.report(files)
    tracker.verdict(GATE)
    tracker.model(shared_bundle(), name, True, make_report())


def begun(store: Store, folder: Path, **more: Any) -> MlflowTracker:
    tracker = MlflowTracker(store, folder, **more)
    tracker.start("first", {}, TAGS)
    tracker.logger().log_metrics({"train/loss": 1.0}, 0)
    return tracker


def assert_whole(store: Store, run_id: str, name: str) -> None:
    """Everything is there, and once."""
    client, run = store.client, store.client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["verdict"] == "pass"
    assert run.data.tags["mlflow.note.content"].startswith("Verdict: pass")
    assert len(run.inputs.dataset_inputs) == 3
    assert [point.step for point in client.get_metric_history(run_id, "train/loss")] == [0, 1]
    assert len({point.timestamp for point in client.get_metric_history(run_id, "test/sentiment/macro_f1")}) <= 2
    assert [file.path for file in client.list_artifacts(run_id)] == ["report"]
    models = client.search_logged_models([store.experiment_id], f"source_run_id = '{run_id}'")
    assert [str(model.status) for model in models] == ["READY"]
    assert models[0].tags["backbone"] == "embedded"
    (version,) = client.search_model_versions(f"name = '{name}'")
    assert version.tags["verdict"] == "pass"


def test_a_server_that_is_back_within_three_minutes_gets_everything(store, network, report_folder, tmp_path):
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        assert undelivered(tmp_path).lacks  # a kill now loses nothing either
        waited.append(seconds)
        network.away = sum(waited) < 120

    tracker = begun(store, tmp_path, sleep=sleep)
    network.away = True
    tracker.logger().log_metrics({"train/loss": 0.5}, 1)
    tell(tracker, report_folder, "back")
    tracker.finish("FINISHED")
    assert_whole(store, tracker.run_id, "back")
    assert 120 <= sum(waited) < 180
    assert undelivered(tmp_path) is None
    assert {path.name for path in tmp_path.iterdir()} == {"report"}


def test_what_a_server_never_took_is_sent_from_the_run_folder(store, network, report_folder, tmp_path, caplog):
    waited: list[float] = []
    tracker = begun(store, tmp_path, sleep=waited.append)
    network.away = True
    tracker.logger().log_metrics({"train/loss": 0.5}, 1)
    tell(tracker, report_folder, "late")
    with caplog.at_level(logging.WARNING):
        tracker.finish("FINISHED")
    assert waited == list(PAUSES)
    assert sum(waited) == 180
    assert f"xinyi resume {tmp_path} sends it" in caplog.messages[-1]
    assert store.client.get_run(tracker.run_id).info.status == "RUNNING"
    missing = undelivered(tmp_path)
    assert missing.run == tracker.run_id
    assert {"the report", "the verdict", "the model", "the model version"} < set(missing.lacks)
    network.away = False
    later = MlflowTracker(store, tmp_path, sleep=waited.append)
    later.start("first", {}, {}, run_id=missing.run)
    tell(later, report_folder, "late")
    later.finish("FINISHED")
    assert_whole(store, tracker.run_id, "late")
    assert store.client.get_run(missing.run).info.end_time == missing.ended
    assert {path.name for path in tmp_path.iterdir()} == {"report"}


@pytest.mark.parametrize("lost", [("create_model_version",), ("set_terminated",)], ids=["version", "end"])
def test_a_model_that_arrived_is_not_sent_twice(store, network, report_folder, tmp_path, lost):
    name = f"once-{lost[0]}"
    tracker = begun(store, tmp_path, sleep=lambda seconds: None)
    tracker.logger().log_metrics({"train/loss": 0.5}, 1)
    network.away, network.calls = True, lost
    tell(tracker, report_folder, name)
    tracker.finish("FINISHED")
    missing = undelivered(tmp_path)
    assert missing.model == (lost == ("create_model_version",))
    network.away = False
    later = MlflowTracker(store, tmp_path)
    later.start("first", {}, {}, run_id=missing.run)
    tell(later, report_folder, name)
    later.finish("FINISHED")
    assert_whole(store, tracker.run_id, name)


def test_nobody_waits_for_the_end_of_a_run_that_was_stopped(store, network, tmp_path):
    waited: list[float] = []
    tracker = begun(store, tmp_path, sleep=waited.append)
    network.away = True
    tracker.logger().log_metrics({"train/loss": 0.5}, 1)
    tracker.finish("KILLED")
    assert waited == []
    assert undelivered(tmp_path) is None
    # The points are kept all the same: whoever goes on with the run sends them.
    assert [json.loads(line)[0] for line in (tmp_path / POINTS).read_text(encoding="utf-8").splitlines()][-1:] == [
        "train/loss"
    ]


def test_a_damaged_mark_says_what_to_do(tmp_path):
    (tmp_path / NAME).write_text('{"run": ', encoding="utf-8")
    with pytest.raises(BundleError, match="delete the file"):
        undelivered(tmp_path)
