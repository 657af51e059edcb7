"""A run that was stopped anywhere and resumed ends with the very weights of one that was not."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import ANY

import pytest
import pytorch_lightning as pl
import torch
from pipeline_world import sample_rows, tiny_config, write_slice
from tiny_training import TinyRun, tiny_run

from xinyi.errors import DataError, Interrupted
from xinyi.pipeline import stages
from xinyi.pipeline import train as walk
from xinyi.pipeline.resume import resume
from xinyi.pipeline.train import train
from xinyi.tracking import owed
from xinyi.training import fit as fitting
from xinyi.training.checkpoint_io import load_checkpoint
from xinyi.training.fit import FitResult, fit
from xinyi.training.objective import Extras
from xinyi.training.survival import Survival

pytestmark = pytest.mark.integration


class Signalled(pl.Callback):
    """Sends a signal in one batch, counted over the whole run."""

    def __init__(self, batch: int, place: str = "on_train_batch_start") -> None:
        setattr(self, place, self._strike)
        self.batch = batch

    def _strike(self, trainer: pl.Trainer, *_: Any) -> None:
        if trainer.fit_loop.total_batch_idx + 1 == self.batch:
            signal.raise_signal(signal.SIGTERM)


class Killed(Exception):  # noqa: N818 - stands for a kill
    """Raised where a process is to die; nothing is saved on the way out."""


class Kill(pl.Callback):
    """Dies at the beginning of an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_train_epoch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        if trainer.current_epoch == self.epoch:
            raise Killed


def with_callback(monkeypatch: pytest.MonkeyPatch, callback: pl.Callback | None) -> None:
    """Let every trainer made from here on have this callback too."""
    original = fitting.__dict__.get("_original") or fitting.build_trainer
    monkeypatch.setattr(fitting, "_original", original, raising=False)
    more = [callback] if callback else []
    monkeypatch.setattr(fitting, "build_trainer", lambda s, given, loggers=(): original(s, [*more, *given], loggers))


def fit_run(run: TinyRun, folder: Path, resumed: bool = False) -> FitResult:
    last = folder / "checkpoints" / "last.ckpt"
    return fit(run.module, run.train, run.validation, folder, run.settings, resume=last if resumed else None)


def assert_same(straight: tuple[TinyRun, FitResult], other: tuple[TinyRun, FitResult]) -> None:
    """Weights bit by bit, and all else that a run ends with."""
    for name, weight in straight[0].module.state_dict().items():
        assert torch.equal(other[0].module.state_dict()[name], weight), name
    for field in ("best_score", "epochs", "steps", "tokens"):
        assert getattr(straight[1], field) == getattr(other[1], field), field
    best = [load_checkpoint(result.best)["state_dict"] for _, result in (straight, other)]
    assert all(torch.equal(best[0][name], best[1][name]) for name in best[0])


def steady(*_: object) -> float:
    return 0.5


CASES: dict[str, dict[str, Any]] = {
    "fp32": {},
    "bf16": {"precision": "bf16-mixed"},
    "accumulate": {"accumulate": 2},
    "stopped early": {"score": steady, "patience": 1},
    "few steps": {"max_steps": 10},
    "moving average": {"ema": 0.9, "soup": 2},
    "recipes": {"extras": Extras(rdrop=0.5, fgm=0.3, dropout_samples=2, uncertainty=True, contrastive=0.2)},
}


@pytest.mark.parametrize("case", CASES)
def test_stopped_by_a_signal_and_resumed(tmp_path, monkeypatch, case):
    changes = {"rows": 28, "epochs": 3, "dropout": 0.3} | CASES[case]
    straight = tiny_run(**changes)
    finished = straight, fit_run(straight, tmp_path / "straight")
    count = len(straight.train)
    assert count == 6
    # The first, within an epoch, an epoch's last, the next epoch's first, and the run's last.
    batches = {1, 3, count, count + 1, 2 * count - 1, 2 * count, 3 * count}
    end = finished[1].steps * straight.settings.accumulate
    for batch in sorted(b for b in batches if b <= end):
        folder = tmp_path / str(batch)
        with_callback(monkeypatch, Signalled(batch))
        with pytest.raises(Interrupted):
            fit_run(tiny_run(**changes), folder)
        with_callback(monkeypatch, None)
        resumed = tiny_run(**changes, seed=9)
        assert_same(finished, (resumed, fit_run(resumed, folder, resumed=True)))
        shutil.rmtree(folder)


@pytest.mark.parametrize("case", ["fp32", "accumulate", "few steps", "moving average"])
def test_stopped_in_a_long_validation_only_the_step_before_it_is_done_again(tmp_path, monkeypatch, case):
    changes = {"rows": 28, "epochs": 3, "dropout": 0.3} | CASES[case]
    straight = tiny_run(**changes)
    finished = straight, fit_run(straight, tmp_path / "straight")
    every, folder = straight.settings.accumulate, tmp_path / "run"
    batches = min(2 * len(straight.train), (straight.settings.max_steps or 10**6) * every)
    with_callback(monkeypatch, Signalled(batches, "on_validation_start"))
    monkeypatch.setattr(fitting, "Survival", lambda path, run: Survival(path, run, grace=0.0))
    with pytest.raises(Interrupted, match="stopped by SIGTERM at once"):
        fit_run(tiny_run(**changes), folder)
    assert load_checkpoint(folder / "checkpoints" / "last.ckpt")["global_step"] == batches // every - 1
    with_callback(monkeypatch, None)
    resumed = tiny_run(**changes, seed=9)
    assert_same(finished, (resumed, fit_run(resumed, folder, resumed=True)))


def test_stopped_twice_and_resumed_twice(tmp_path, monkeypatch):
    straight = tiny_run(dropout=0.3)
    finished = straight, fit_run(straight, tmp_path / "straight")
    for batch in (4, 13):
        with_callback(monkeypatch, Signalled(batch))
        with pytest.raises(Interrupted):
            fit_run(tiny_run(dropout=0.3, seed=batch - 4), tmp_path / "run", resumed=batch > 4)
    with_callback(monkeypatch, None)
    resumed = tiny_run(dropout=0.3, seed=9)
    assert_same(finished, (resumed, fit_run(resumed, tmp_path / "run", resumed=True)))


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_killed_between_two_epochs_and_resumed(tmp_path, monkeypatch, epoch):
    straight = tiny_run(dropout=0.3)
    finished = straight, fit_run(straight, tmp_path / "straight")
    with_callback(monkeypatch, Kill(epoch))
    with pytest.raises(Killed):
        fit_run(tiny_run(dropout=0.3), tmp_path / "run")
    with_callback(monkeypatch, None)
    resumed = tiny_run(dropout=0.3, seed=9)
    assert_same(finished, (resumed, fit_run(resumed, tmp_path / "run", resumed=True)))


def test_killed_after_a_regular_save_and_resumed(tmp_path, monkeypatch):
    straight = tiny_run(dropout=0.3)
    finished = straight, fit_run(straight, tmp_path / "straight")

    class Dies(Survival):
        def on_train_batch_end(self, trainer, *args):
            self.seconds = 0.0 if trainer.global_step == 9 else 1e9
            super().on_train_batch_end(trainer, *args)
            if trainer.global_step == 12:
                raise Killed

    monkeypatch.setattr(fitting, "Survival", Dies)
    with pytest.raises(Killed):
        fit_run(tiny_run(dropout=0.3), tmp_path / "run")
    assert load_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")["global_step"] == 9
    monkeypatch.setattr(fitting, "Survival", Survival)
    resumed = tiny_run(dropout=0.3, seed=9)
    assert_same(finished, (resumed, fit_run(resumed, tmp_path / "run", resumed=True)))


def falling() -> Callable[..., float]:
    """Scores that get worse with each validation."""
    asked = iter(range(1000))
    return lambda *_: 1.0 / (1 + next(asked))


def test_early_stopping_remembers_how_long_it_waited(tmp_path, monkeypatch):
    changes = {"epochs": 9, "patience": 3}
    straight = tiny_run(score=falling(), **changes)
    assert fit_run(straight, tmp_path / "straight").epochs == 4
    with_callback(monkeypatch, Signalled(len(straight.train) * 2 + 2))
    with pytest.raises(Interrupted):
        fit_run(tiny_run(score=falling(), **changes), tmp_path / "run")
    with_callback(monkeypatch, None)
    # From here on the scores are all 0: as bad as before, so two more epochs of patience are left.
    resumed = fit_run(tiny_run(score=lambda *_: 0.0, **changes), tmp_path / "run", resumed=True)
    assert resumed.epochs == 4
    assert resumed.best_score > 0.4


def test_a_folder_may_be_moved_before_it_is_resumed(tmp_path, monkeypatch):
    with_callback(monkeypatch, Signalled(16))
    with pytest.raises(Interrupted):
        fit_run(tiny_run(score=falling()), tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    with_callback(monkeypatch, None)
    result = fit_run(tiny_run(score=lambda *_: 0.0), tmp_path / "there", resumed=True)
    assert result.best == tmp_path / "there" / "checkpoints" / "best.ckpt"
    assert result.best_score > 0.4


# The whole walk.


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> Path:
    """The working folder of a run that nothing stopped."""
    torch.set_num_threads(1)
    work = tmp_path_factory.mktemp("straight")
    write_slice(work / "data")
    train(tiny_config(work, *PLAIN), work / "run")
    return work


PLAIN = ("export=none", "trainer.precision=bf16")


def outcome_of(root: Path) -> dict[str, Any]:
    """What a run ends with, without times and names."""
    report = json.loads((root / "report" / "report.json").read_text(encoding="utf-8"))
    facts = {key: report["run"][key] for key in ("epochs", "steps", "best_validation")}
    report["data"]["checks"]["ran"] = sorted(report["data"]["checks"]["ran"])  # without each check's seconds
    return {**facts, "tasks": report["tasks"], "decoding": report["decoding"], "data": report["data"]}


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def break_off(work: Path, module: ModuleType, name: str) -> Path:
    """A run that was interrupted where it calls this function; its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, interrupt)
        with pytest.raises(Interrupted, match="go on with: xinyi resume"):
            train(tiny_config(work, *PLAIN, "tracking=none"), work / "run")
    return work / "run"


def mlflow(base: Path, query: str, *values: str) -> list[tuple]:
    with sqlite3.connect(base / "mlflow.db") as connection:
        return connection.execute(query, values).fetchall()


def runs(base: Path) -> dict[str, str]:
    return dict(mlflow(base, "select run_uuid, status from runs"))


def history(base: Path, run: str, key: str) -> list[tuple[int, float]]:
    return mlflow(base, "select step, value from metrics where run_uuid = ? and key = ? order by step", run, key)


def test_the_walk_stopped_in_mid_epoch_and_resumed(straight, tmp_path, monkeypatch):
    write_slice(tmp_path / "data")
    (whole,) = runs(straight)
    store = f"tracking.uri=sqlite:///{straight / 'mlflow.db'}"  # making a new one takes seconds
    with_callback(monkeypatch, Signalled(11))
    root = tmp_path / "run"
    with pytest.raises(Interrupted, match="go on with: xinyi resume"):
        train(tiny_config(tmp_path, *PLAIN, store), root)
    with_callback(monkeypatch, None)
    ((stopped, status),) = ((run, status) for run, status in runs(straight).items() if run != whole)
    assert status == "KILLED"
    assert not (root / "report").exists()
    outcome = resume(root)
    assert outcome.folder.root == root
    assert runs(straight) == {whole: "FINISHED", stopped: "FINISHED"}
    expected, found = (load_checkpoint(run / "checkpoints" / "last.ckpt") for run in (straight / "run", root))
    assert found["global_step"] == expected["global_step"] > 11
    assert all(torch.equal(found["state_dict"][name], weight) for name, weight in expected["state_dict"].items())
    assert outcome_of(root) == outcome_of(straight / "run")
    # In MLflow too: every step once, with the same numbers.
    for key in ("train/loss", "train/lr", "val/primary", "val/loss"):
        points = history(straight, stopped, key)
        assert points == history(straight, whole, key)
        assert len({step for step, _ in points}) == len(points) > 2


def test_the_walk_stopped_after_its_training_is_not_trained_again(straight, tmp_path, monkeypatch):
    write_slice(tmp_path / "data")
    break_off(tmp_path, stages, "predict_stage")
    with monkeypatch.context() as patch:
        patch.setattr(stages, "fit", lambda *_, **__: pytest.fail("trained again"))
        resume(tmp_path / "run")
    assert outcome_of(tmp_path / "run") == outcome_of(straight / "run")
    facts = json.loads((tmp_path / "run" / "report" / "report.json").read_text(encoding="utf-8"))["run"]
    assert facts["train_seconds"] > 0


def test_the_walk_killed_before_its_first_checkpoint_starts_again_in_its_folder(straight, tmp_path):
    write_slice(tmp_path / "data")
    break_off(tmp_path, stages, "fit")
    resume(tmp_path / "run")
    assert outcome_of(tmp_path / "run") == outcome_of(straight / "run")


@pytest.mark.parametrize("change", ["label", "text", "row"])
def test_resuming_with_other_data_is_refused(tmp_path, change):
    write_slice(tmp_path / "data")
    root = break_off(tmp_path, walk, "_walk")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    rows = sample_rows("train", 120)
    if change == "label":
        rows[5]["intent"] = "other" if rows[5]["intent"] != "other" else "praise"
    elif change == "text":
        rows[5]["text"] += "。"
    else:
        rows.append({**rows[0], "text": "多了一行"})
    write_slice(tmp_path / "data", {"train": rows})
    with pytest.raises(DataError, match=r"expected data with fingerprint .* put the former files back"):
        resume(root)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_resuming_with_rows_in_another_order_is_refused(tmp_path):
    write_slice(tmp_path / "data")
    root = break_off(tmp_path, walk, "_walk")
    write_slice(tmp_path / "data", {"train": sample_rows("train", 120)[::-1]})
    with pytest.raises(DataError, match="expected the training rows in their former order"):
        resume(root)


def test_the_end_that_mlflow_did_not_take_is_sent_and_nothing_is_computed_again(
    straight, tmp_path, monkeypatch, caplog
):
    write_slice(tmp_path / "data")
    before = set(runs(straight))
    store = f"tracking.uri=sqlite:///{straight / 'mlflow.db'}"
    monkeypatch.setattr(owed, "PAUSES", (0.0,))
    report = stages.report_stage
    with monkeypatch.context() as patch:
        patch.setattr(stages, "report_stage", lambda *given: (refuse_everything(patch), report(*given))[1])
        train(tiny_config(tmp_path, *PLAIN, store), tmp_path / "run")
    assert "xinyi resume" in caplog.text
    (run,) = set(runs(straight)) - before
    assert runs(straight)[run] == "RUNNING"
    assert mlflow(straight, "select key from metrics where run_uuid = ? and key like 'test/%'", run) == []
    whole = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    monkeypatch.setattr(walk, "load", lambda *_: pytest.fail("read the data again"))
    outcome = resume(tmp_path / "run")
    assert (outcome.report, outcome.gate["verdict"]) == (json.loads(whole[outcome.folder.report / "report.json"]), ANY)
    assert runs(straight)[run] == "FINISHED"
    assert len(mlflow(straight, "select key from metrics where run_uuid = ? and key like 'test/%/macro_f1'", run)) > 0
    mark = {path for path in whole if path.name.startswith("undelivered.")}
    assert len(mark) == 2
    after = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert after == {path: content for path, content in whole.items() if path not in mark}


def refuse_everything(patch: pytest.MonkeyPatch) -> None:
    """MLflow goes away."""

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("connection refused")

    for name in ("log_batch", "log_artifacts", "set_terminated", "set_experiment_tag"):
        patch.setattr(f"mlflow.MlflowClient.{name}", refuse)
