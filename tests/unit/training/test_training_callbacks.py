"""Callbacks: random state, stopping, the best checkpoint's file, the meter, the progress bar, signals."""

from __future__ import annotations

import io
import os
import random
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from rich.console import Console
from tiny_training import tiny_run

from xinyi.errors import Interrupted
from xinyi.training import fit as fitting
from xinyi.training.callbacks import BestCheckpoint, Meter, RandomState, StopAt
from xinyi.training.checkpoint_io import SafetensorsCheckpointIO, load_checkpoint
from xinyi.training.fit import fit
from xinyi.training.progress import RunProgress
from xinyi.training.survival import Survival

ALONE = SimpleNamespace(world_size=1, global_rank=0)


def draws() -> list[object]:
    """The next numbers of every generator."""
    return [torch.rand(3).tolist(), random.random(), random.gauss(0, 1), np.random.rand(), np.random.randn()]


def test_random_state_comes_back_through_a_file(tmp_path):
    pl.seed_everything(5, verbose=False)
    draws()  # an odd number of Gaussians: numpy and python keep the second of a pair
    checkpoint = {}
    RandomState().on_save_checkpoint(ALONE, None, checkpoint)
    SafetensorsCheckpointIO().save_checkpoint(checkpoint, tmp_path / "a.ckpt")
    expected = draws()
    assert draws() != expected
    callback = RandomState()
    callback.on_load_checkpoint(ALONE, None, load_checkpoint(tmp_path / "a.ckpt"))
    draws()  # setting up may draw
    callback.on_train_start(ALONE, None)
    assert draws() == expected
    following = draws()
    callback.on_train_start(ALONE, None)  # put back once, not at every start
    assert draws() != expected
    assert following != expected


class Two:
    """The trainer of one of two processes, for the callback; the other's state is given."""

    world_size = 2

    def __init__(self, rank: int, other: torch.Tensor) -> None:
        self.global_rank, self.strategy = rank, self
        self.root_device, self.all_gather = torch.device("cpu"), lambda own: torch.stack([own, other])


def test_each_process_gets_its_own_state_back(tmp_path):
    torch.manual_seed(1)
    expected = {1: torch.get_rng_state()}
    torch.manual_seed(2)
    expected[0] = torch.get_rng_state()
    checkpoint = {}
    RandomState().on_save_checkpoint(Two(0, expected[1]), None, checkpoint)
    SafetensorsCheckpointIO().save_checkpoint(checkpoint, tmp_path / "a.ckpt")
    for rank in (0, 1):
        callback = RandomState()
        callback.on_load_checkpoint(None, None, load_checkpoint(tmp_path / "a.ckpt"))
        callback.on_train_start(Two(rank, expected[1]), None)
        assert torch.equal(torch.get_rng_state(), expected[rank])


def test_a_fresh_run_keeps_its_numbers_and_other_processes_have_their_own():
    found = []
    for rank in (0, 0, 1, 2):
        torch.manual_seed(3)
        RandomState().on_train_start(SimpleNamespace(world_size=3, global_rank=rank), None)
        found.append(torch.rand(4).tolist())
    torch.manual_seed(3)
    assert found[0] == found[1] == torch.rand(4).tolist()
    assert found[0] != found[2] != found[3] != found[0]


def test_stop_at_a_step_validates_and_keeps_a_checkpoint(tmp_path):
    run = tiny_run(max_steps=9)
    assert len(run.train) < 9 < 2 * len(run.train)
    result = fit(run.module, run.train, run.validation, tmp_path, run.settings)
    assert (result.steps, result.epochs) == (9, 2)
    last = load_checkpoint(tmp_path / "checkpoints" / "last.ckpt")
    assert last["global_step"] == 9
    assert last["stopped"] is True


def test_fewer_steps_than_an_epoch_has_leave_a_best_checkpoint(tmp_path):
    run = tiny_run(max_steps=2)
    result = fit(run.module, run.train, run.validation, tmp_path, run.settings)
    assert (result.steps, result.best.name) == (2, "best.ckpt")
    assert 0.0 < result.best_score < 1.0


def test_stop_at_counts_optimiser_steps_not_batches(tmp_path):
    run = tiny_run(max_steps=2, accumulate=3)
    assert fit(run.module, run.train, run.validation, tmp_path, run.settings).steps == 2


def test_stopped_is_remembered():
    trainer = SimpleNamespace(should_stop=True, global_step=0)
    checkpoint = {}
    StopAt(None).on_save_checkpoint(trainer, None, checkpoint)
    callback = StopAt(None)
    callback.on_load_checkpoint(trainer, None, checkpoint)
    fresh = SimpleNamespace(should_stop=False, global_step=0)
    callback.on_train_start(fresh, None)
    assert fresh.should_stop
    StopAt(None).on_train_start(other := SimpleNamespace(should_stop=False, global_step=0), None)
    assert not other.should_stop


class Scores:
    """A score for each validation, the same for every task."""

    def __init__(self, *values: float) -> None:
        self.values, self.asked = values, 0

    def __call__(self, *_: object) -> float:
        self.asked += 1
        return self.values[(self.asked - 1) // 3]  # three tasks


def test_the_best_weights_are_those_of_the_best_validation(tmp_path, monkeypatch):
    seen = []
    original = BestCheckpoint.on_train_epoch_end

    def watch(self, trainer, module):
        seen.append(module.model.heads["intent"].weight.detach().clone())
        original(self, trainer, module)

    monkeypatch.setattr(BestCheckpoint, "on_train_epoch_end", watch)
    run = tiny_run(score=Scores(0.2, 0.7, 0.3, 0.6))
    result = fit(run.module, run.train, run.validation, tmp_path, run.settings)
    assert result.best_score == pytest.approx(0.7)
    assert result.epochs == 4
    best = load_checkpoint(result.best)
    assert torch.equal(best["state_dict"]["model.heads.intent.weight"], seen[1])
    assert "optimizer_states" not in best  # never resumed from: a third of the size
    assert sorted(file.name for file in (tmp_path / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]


def test_early_stopping_waits_for_the_patience(tmp_path):
    run = tiny_run(score=Scores(0.5, 0.6, 0.6, 0.1, 0.9), epochs=5, patience=2)
    result = fit(run.module, run.train, run.validation, tmp_path, run.settings)
    assert (result.epochs, result.best_score) == (4, pytest.approx(0.6))


def test_no_patience_never_stops(tmp_path):
    run = tiny_run(score=Scores(0.9, 0.1, 0.1, 0.1), patience=0)
    assert fit(run.module, run.train, run.validation, tmp_path, run.settings).epochs == 4


def test_without_any_validation_label_there_is_still_a_best_checkpoint(tmp_path):
    run = tiny_run(score=lambda *_: float("nan"), epochs=2)
    result = fit(run.module, run.train, run.validation, tmp_path, run.settings)
    assert result.best.is_file()
    assert not np.isfinite(result.best_score)


def test_the_best_checkpoints_state_names_no_folder(tmp_path):
    run = tiny_run(score=Scores(0.2, 0.7, 0.3, 0.6))
    fit(run.module, run.train, run.validation, tmp_path / "old", run.settings)
    content = (tmp_path / "old" / "checkpoints" / "last.ckpt").read_bytes()
    assert str(tmp_path).encode() not in content
    (tmp_path / "old").rename(tmp_path / "new")
    callback = BestCheckpoint(tmp_path / "new" / "checkpoints")
    state = load_checkpoint(tmp_path / "new" / "checkpoints" / "last.ckpt")["callbacks"][callback.state_key]
    callback.load_state_dict(state)
    assert Path(callback.best_model_path) == tmp_path / "new" / "checkpoints" / "best.ckpt"
    assert float(callback.best_model_score) == pytest.approx(0.7)
    assert callback.best_k_models.keys() == {callback.best_model_path}


def test_a_checkpoint_cannot_name_files_of_other_folders(tmp_path):
    callback = BestCheckpoint(tmp_path / "run" / "checkpoints")
    names = dict.fromkeys(("best_model_path", "kth_best_model_path", "last_model_path"), "../../mine.txt")
    state = {**callback.state_dict(), **names, "best_k_models": {"/etc/passwd": torch.tensor(0.1)}}
    callback.load_state_dict(state)
    named = [callback.best_model_path, callback.kth_best_model_path, *callback.best_k_models]
    assert {Path(name).parent for name in named} == {tmp_path / "run" / "checkpoints"}


def test_the_meter_counts_real_tokens_over_a_resume(tmp_path):
    run = tiny_run(epochs=2)
    result = fit(run.module, run.train, run.validation, tmp_path, run.settings)
    assert result.tokens == 2 * run.train.split.encoded.offsets[-1]
    before, after = Meter(), Meter()
    before.tokens, before._before = 7, 100.0
    after.load_state_dict(before.state_dict())
    after.on_train_batch_end(ALONE, None, None, SimpleNamespace(tokens=5))
    assert after.tokens == 12
    assert 100.0 <= after.seconds < 101.0


def terminal(is_terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=is_terminal, width=100)


def progressed(run, console: Console, folder: Path, monkeypatch, **more) -> str:
    made = lambda total, epochs, meter: RunProgress(total, epochs, meter, console)  # noqa: E731
    monkeypatch.setattr(fitting, "RunProgress", made)
    fit(run.module, run.train, run.validation, folder, run.settings, **more)
    return console.file.getvalue()


def test_a_log_file_gets_one_line_an_epoch(tmp_path, monkeypatch):
    run = tiny_run(score=Scores(0.25, 0.5, 0.5), epochs=3, progress=True)
    lines = progressed(run, terminal(False), tmp_path, monkeypatch).splitlines()
    assert [line.split(" · ")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert lines[1].split(" · ")[1:4:2] == [f"step {2 * len(run.train)}", "val 0.500"]
    assert "\x1b" not in "".join(lines)


def test_a_terminal_gets_a_bar_that_ends_full(tmp_path, monkeypatch):
    run = tiny_run(epochs=2, progress=True)
    shown = progressed(run, terminal(True), tmp_path, monkeypatch)
    assert f"{2 * len(run.train)}/{2 * len(run.train)}" in shown


def test_the_bar_is_taken_down_after_an_error(tmp_path, monkeypatch):
    run, console = tiny_run(progress=True), terminal(True)
    monkeypatch.setattr(run.module, "on_validation_epoch_end", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        progressed(run, console, tmp_path, monkeypatch)
    # A live bar hides the cursor until it is stopped.
    assert console.file.getvalue().rindex("\x1b[?25h") > console.file.getvalue().rindex("\x1b[?25l")


class At(pl.Callback):
    """Does something at one batch of the run."""

    def __init__(self, batch: int, act) -> None:
        self.batch, self.act = batch, act

    def on_train_batch_start(self, trainer, *_):
        if trainer.fit_loop.total_batch_idx == self.batch:
            self.act()


def fit_with(callback: pl.Callback, run, folder: Path, monkeypatch):
    original = fitting.build_trainer
    monkeypatch.setattr(fitting, "build_trainer", lambda s, given, loggers=(): original(s, [callback, *given], loggers))
    return fit(run.module, run.train, run.validation, folder, run.settings)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_ends_with_a_word_on_how_to_go_on(tmp_path, monkeypatch, number):
    handlers = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    run = tiny_run()
    with pytest.raises(Interrupted) as caught:
        fit_with(At(10, lambda: os.kill(os.getpid(), number)), run, tmp_path, monkeypatch)
    assert f"stopped by {number.name} at step 11" in str(caught.value)
    assert f"xinyi resume {tmp_path}" in str(caught.value)
    assert caught.value.exit_code == 130
    assert load_checkpoint(tmp_path / "checkpoints" / "last.ckpt")["global_step"] == 11
    assert {s: signal.getsignal(s) for s in handlers} == handlers


def test_a_signal_twice_ends_at_once(tmp_path, monkeypatch):
    handlers = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}

    def twice():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    run = tiny_run()
    with pytest.raises(Interrupted) as caught:
        fit_with(At(2, twice), run, tmp_path, monkeypatch)
    assert "stopped by SIGINT at once" in str(caught.value)
    assert "no checkpoint was written yet; start again with: xinyi resume" in str(caught.value)
    assert not (tmp_path / "checkpoints" / "last.ckpt").exists()
    assert {s: signal.getsignal(s) for s in handlers} == handlers


@pytest.mark.parametrize(("grace", "missing"), [(0.0, 1), (60.0, 0)], ids=["long", "short"])
def test_a_signal_during_validation_waits_for_a_short_one_only(tmp_path, monkeypatch, grace, missing):
    class Validating(pl.Callback):
        def on_validation_batch_start(self, trainer, *_):
            if trainer.current_epoch == 1:
                os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(fitting, "Survival", lambda path, run: Survival(path, run, grace=grace))
    run = tiny_run()
    with pytest.raises(Interrupted, match="stopped by SIGTERM") as caught:
        fit_with(Validating(), run, tmp_path, monkeypatch)
    assert "go on with: xinyi resume" in str(caught.value)
    step = load_checkpoint(tmp_path / "checkpoints" / "last.ckpt")["global_step"]
    assert step == 2 * len(run.train) - missing


def test_signals_are_given_back_after_a_run_and_after_an_error(tmp_path, monkeypatch):
    handlers = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    taken = []
    run = tiny_run(epochs=1)
    look = At(1, lambda: taken.append(signal.getsignal(signal.SIGTERM)))
    fit_with(look, run, tmp_path, monkeypatch)
    assert taken[0] != handlers[signal.SIGTERM]
    assert {s: signal.getsignal(s) for s in handlers} == handlers
    with pytest.raises(ZeroDivisionError):
        fit_with(At(1, lambda: 1 / 0), tiny_run(epochs=1), tmp_path, monkeypatch)
    assert {s: signal.getsignal(s) for s in handlers} == handlers


def test_it_saves_regularly_between_optimiser_steps_only(tmp_path, monkeypatch):
    saved = []
    original = pl.Trainer.save_checkpoint

    def watch(self, path, *args, **more):
        if Path(path).name == "last.ckpt":
            saved.append((self.fit_loop.total_batch_idx + 1, self.global_step))
        original(self, path, *args, **more)

    monkeypatch.setattr(pl.Trainer, "save_checkpoint", watch)
    monkeypatch.setattr(fitting, "Survival", lambda path, run: Survival(path, run, minutes=0.0))
    run = tiny_run(epochs=1, accumulate=2)
    fit(run.module, run.train, run.validation, tmp_path, run.settings)
    count = len(run.train)
    assert saved == [(batch, batch // 2) for batch in range(2, count, 2)] + [(count, -(-count // 2))]


def test_it_saves_at_each_epochs_end_better_or_not(tmp_path, monkeypatch):
    steps = []
    original = Survival.on_train_epoch_end

    def watch(self, trainer, module):
        original(self, trainer, module)
        steps.append((trainer.global_step, load_checkpoint(self.path)["global_step"]))

    monkeypatch.setattr(Survival, "on_train_epoch_end", watch)
    run = tiny_run(score=Scores(0.9, 0.1, 0.1, 0.1))
    fit(run.module, run.train, run.validation, tmp_path, run.settings)
    assert len(steps) == 4
    assert all(now == kept for now, kept in steps)
