from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from tracking_world import PARAMS, SECRET, TAGS, make_report, make_summary

from xinyi.errors import TrackingError
from xinyi.tracking import RUN_KEY, TrackingSettings, open_tracker
from xinyi.tracking.mlflow_tracker import MlflowTracker
from xinyi.tracking.store import Store, open_store
from xinyi.tracking.view import TAG

GATE = {"verdict": "undecided", "counts": {"pass": 1, "fail": 0, "undecided": 1}}


def run_of(tracker: MlflowTracker, store: Store) -> Any:
    return store.client.get_run(tracker.run_id)


def test_a_run_shows_parameters_tags_and_its_end(tracker: MlflowTracker, store: Store):
    tracker.start("first", PARAMS, TAGS)
    tracker.finish("FINISHED")
    run = run_of(tracker, store)
    assert run.info.run_name == "first"
    assert run.info.status == "FINISHED"
    assert run.data.params["optim.lr"] == "0.001"
    assert run.data.params["data.labels.intent"] == "意图"
    assert TAGS.items() <= run.data.tags.items()


@pytest.mark.parametrize("status", ["FAILED", "KILLED"])
def test_runs_that_did_not_end_well_say_so(tracker: MlflowTracker, store: Store, status: Any):
    tracker.start("first", {}, {})
    tracker.finish(status)
    assert run_of(tracker, store).info.status == status


def test_more_parameters_than_one_call_takes(tracker: MlflowTracker, store: Store):
    tracker.start("many", {f"p{i}": i for i in range(250)}, {})
    assert len(run_of(tracker, store).data.params) == 250


def test_a_resumed_run_is_the_same_run(tracker: MlflowTracker, store: Store):
    tracker.start("first", PARAMS, TAGS)
    first: Any = tracker.logger()
    for step in range(5):
        first.log_metrics({"loss": float(step)}, step)
    tracker.finish("KILLED")
    again = MlflowTracker(store)
    again.start("other", {**PARAMS, "seed": 2, "fresh": 3}, TAGS, run_id=tracker.run_id)
    assert run_of(again, store).info.status == "RUNNING"
    second: Any = again.logger()
    for step in range(3, 8):
        second.log_metrics({"loss": float(step)}, step)
    again.finish("FINISHED")
    assert again.run_id == tracker.run_id
    run = run_of(again, store)
    assert (run.info.run_name, run.info.status) == ("first", "FINISHED")
    assert (run.data.params["seed"], run.data.params["fresh"]) == ("1", "3")
    assert run.data.tags["changed_on_resume"] == "seed"
    assert [point.step for point in store.client.get_metric_history(again.run_id, "loss")] == list(range(8))


def test_resuming_a_run_that_is_not_there_is_a_clear_error(tracker: MlflowTracker):
    with pytest.raises(TrackingError, match="0123456789"):
        tracker.start("first", {}, {}, run_id="0123456789abcdef0123456789abcdef")


def test_a_run_is_found_by_the_key_that_it_was_begun_with(tracker: MlflowTracker, store: Store):
    assert tracker.find("5f0c") is None
    tracker.start("keyed", {}, {RUN_KEY: "5f0c"})
    assert MlflowTracker(store).find("5f0c") == tracker.run_id
    tracker.finish("FINISHED")


def test_runs_of_a_sweep_are_children_of_one_parent(store: Store):
    sweep = MlflowTracker(store)
    parent = sweep.start_parent("sweep", {"optim.lr": "1e-3,1e-4"})
    children = [MlflowTracker(store) for _ in range(2)]
    for child in children:
        child.start("child", {}, {}, parent=parent)
    found = store.client.search_runs([store.experiment_id], f"tags.`mlflow.parentRunId` = '{parent}'")
    assert {run.info.run_id for run in found} == {child.run_id for child in children}
    sweep.finish("FINISHED")
    assert store.client.get_run(parent).info.status == "FINISHED"


def test_the_data_set_carries_our_fingerprint_and_no_row(tracker: MlflowTracker, store: Store):
    tracker.start("first", {}, {})
    summary = make_summary()
    tracker.dataset(summary)
    inputs = run_of(tracker, store).inputs.dataset_inputs
    found = {dict((tag.key, tag.value) for tag in entry.tags)["mlflow.data.context"]: entry for entry in inputs}
    assert set(found) == {"training", "validation", "test"}
    whole = summary["splits"]["train"]["fingerprint"]
    train = found["training"]
    assert train.dataset.digest == whole[:36]
    assert {tag.key: tag.value for tag in train.tags}["sha256"] == whole
    assert json.loads(train.dataset.profile)["num_rows"] == 60
    assert "train.csv" in train.dataset.source
    assert "zhangsan" not in train.dataset.source


def test_final_metrics_verdict_and_report_reach_the_run(tracker: MlflowTracker, store: Store, report_folder: Path):
    tracker.start("first", PARAMS, TAGS)
    tracker.metrics(make_report(mcc=None))
    tracker.report(report_folder)
    tracker.verdict(GATE)
    tracker.finish("FINISHED")
    run = run_of(tracker, store)
    assert run.data.metrics["test/sentiment/macro_f1"] == 0.6
    assert run.data.metrics["test/sentiment/macro_f1.high"] == pytest.approx(0.7)
    assert run.data.metrics["train_seconds"] == 12.5
    assert run.data.tags["verdict"] == "undecided"
    assert run.data.tags["metrics_not_computed"] == "test/sentiment/mcc"
    assert run.data.tags["mlflow.note.content"].startswith("Verdict: undecided")
    files = [file.path for file in store.client.list_artifacts(tracker.run_id, "report")]
    assert files == ["report/confusion.svg", "report/report.html"]


def test_the_run_list_opens_with_the_tasks_of_all_runs(tracker: MlflowTracker, settings: TrackingSettings):
    own = open_store(TrackingSettings(uri=settings.uri, artifacts=settings.artifacts, experiment="columns"))
    for name in ("sentiment", "urgency"):
        follower, report = MlflowTracker(own), make_report()
        report["tasks"] = {name: report["tasks"]["sentiment"]}
        report["primary"] = {name: "macro_f1"}
        follower.start(name, {}, {})
        follower.metrics(report)
    shown = json.loads(own.client.get_experiment(own.experiment_id).tags[TAG])
    assert shown["selectedColumns"][:3] == [
        "tags.`verdict`",
        "metrics.`test/urgency/macro_f1`",
        "metrics.`test/sentiment/macro_f1`",
    ]
    assert f"/#/experiments/{own.experiment_id}/runs?" in follower.runs_link()
    assert follower.link().startswith(f"http://127.0.0.1:5000/#/experiments/{own.experiment_id}/runs/{follower.run_id}")


def test_no_text_of_a_customer_reaches_the_store(tracker: MlflowTracker, settings: TrackingSettings):
    tracker.start("first", PARAMS, TAGS)
    tracker.dataset(make_summary())
    tracker.metrics(make_report())
    tracker.verdict(GATE)
    tracker.finish("FINISHED")
    content = b"".join(Path(settings.uri.removeprefix("sqlite:///") + end).read_bytes() for end in _parts(settings))
    assert tracker.run_id.encode() in content
    assert SECRET.encode() not in content


def _parts(settings: TrackingSettings) -> list[str]:
    path = settings.uri.removeprefix("sqlite:///")
    return [end for end in ("", "-wal") if Path(path + end).exists()]


def test_what_mlflow_refuses_is_tried_again_at_the_end(
    tracker: MlflowTracker,
    store: Store,
    report_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    tracker.start("first", {}, {})
    with monkeypatch.context() as patch:
        patch.setattr(type(store.client), "log_artifacts", _refuse)
        with caplog.at_level(logging.WARNING):
            tracker.report(report_folder)
    assert "the report (no space left)" in caplog.text
    assert store.client.list_artifacts(tracker.run_id) == []
    tracker.finish("FINISHED")
    assert [file.path for file in store.client.list_artifacts(tracker.run_id)] == ["report"]


def test_what_stays_refused_is_named_at_the_end(
    tracker: MlflowTracker,
    store: Store,
    report_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    tracker.start("first", {}, {})
    monkeypatch.setattr(type(store.client), "log_artifacts", _refuse)
    with caplog.at_level(logging.WARNING):
        tracker.report(report_folder)
        tracker.finish("FINISHED")
    assert "lacks: the report." in caplog.text or "lacks: the report;" in caplog.text
    assert run_of(tracker, store).info.status == "FINISHED"


def _refuse(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_deleted_experiment_is_a_clear_error(settings: TrackingSettings):
    gone = TrackingSettings(uri=settings.uri, artifacts=settings.artifacts, experiment="gone")
    store = open_store(gone)
    store.client.delete_experiment(store.experiment_id)
    with pytest.raises(TrackingError, match="mlflow experiments restore"):
        open_tracker(gone)


def test_artifacts_of_a_new_experiment_lie_where_they_were_asked_for(store: Store, settings: TrackingSettings):
    location = store.client.get_experiment(store.experiment_id).artifact_location
    assert location == Path(settings.artifacts).as_uri()


def test_lightning_logs_through_it(tracker: MlflowTracker, store: Store, tmp_path: Path):
    import torch
    from pytorch_lightning import LightningModule, Trainer

    class Line(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def training_step(self, batch: Any, _: int) -> torch.Tensor:
            loss = self.layer(batch).square().mean()
            self.log("train/loss", loss)
            return loss

        def on_train_epoch_end(self) -> None:
            self.log("validation/macro_f1", 0.5)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), 0.1)

    tracker.start("first", {}, {})
    quiet = {"enable_progress_bar": False, "enable_checkpointing": False, "enable_model_summary": False}
    trainer = Trainer(
        max_epochs=2,
        logger=tracker.logger(),
        accelerator="cpu",
        log_every_n_steps=1,
        default_root_dir=tmp_path,
        **quiet,
    )
    trainer.fit(Line(), torch.utils.data.DataLoader(torch.ones(6, 1), 2))
    run = run_of(tracker, store)
    assert run.info.status == "RUNNING"  # evaluation and export still follow
    steps = [point.step for point in store.client.get_metric_history(tracker.run_id, "train/loss")]
    assert steps == list(range(6))
    assert [p.step for p in store.client.get_metric_history(tracker.run_id, "validation/macro_f1")] == [2, 5]
