"""The search: what it may change, what it tries, when it stops a trial, how it goes on."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml
from optuna.trial import TrialState

from xinyi.config.compose import load
from xinyi.errors import ConfigError, TrainingError
from xinyi.pipeline import offspring, trial
from xinyi.pipeline.search_space import Dimension, overrides, parse_space
from xinyi.pipeline.trial import epochs
from xinyi.pipeline.tune import Tuning, tune

SPACE = ("space.optim.lr=log(1e-4,1e-2)", "space.recipe=[plain,ema]", "space.trainer.epochs=int(2,8)")


class Process:
    """A training process that has ended, or that goes on until it is stopped."""

    def __init__(self, code: int | None, error: str = "") -> None:
        self.returncode, self.stderr, self.stopped = code, io.StringIO(error), False

    def poll(self) -> int | None:
        return self.returncode

    def terminate(self) -> None:
        self.returncode, self.stopped = -15, True

    kill = terminate

    def wait(self, timeout: float | None = None) -> None:
        pass


class Trainer:
    """Stands in for `xinyi train`: the best rate is 1e-3; `slow` trials never end by themselves."""

    def __init__(self, slow: int = -1, broken: bool = False) -> None:
        self.slow, self.broken, self.processes, self.commands = slow, broken, [], []

    def __call__(self, arguments) -> Process:
        said = dict(item.split("=", 1) for item in arguments if "=" in item)
        folder, rate = Path(said["hydra.run.dir"]), float(said["optim.lr"])
        self.commands.append(list(arguments))
        if self.broken:
            return Process(1, "cannot train")
        hangs = len(self.processes) == self.slow
        value = 0.0 if hangs else 1.0 - abs(rate - 1e-3)
        (folder / "report").mkdir(parents=True)
        lines = [json.dumps({"epoch": e, "val/primary": value * e / 3}) for e in (1, 2, 3)]
        (folder / "epochs.jsonl").write_text("\n".join(lines) + '\n{"epoch": 4, "val/pri', encoding="utf-8")
        (folder / "report" / "report.json").write_text(
            json.dumps({"run": {"best_validation": value}}), encoding="utf-8"
        )
        self.processes.append(Process(None if hangs else 0))
        return self.processes[-1]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(trial, "_POLL", 0.0)


def _tuning(folder: Path, trials: int = 6, space=SPACE) -> Tuning:
    return Tuning(tuple(parse_space(space)), trials, folder, ("task=sentiment",))


def test_spaces_are_read():
    assert parse_space(SPACE) == [
        Dimension("optim.lr", "log", 1e-4, 1e-2),
        Dimension("recipe", "choice", options=("plain", "ema")),
        Dimension("trainer.epochs", "int", 2, 8),
    ]
    chosen = overrides({"optim.lr": 0.00123456789, "recipe": "ema", "trainer.epochs": 3}, parse_space(SPACE))
    assert chosen == ["recipe=ema", "optim.lr=0.00123457", "trainer.epochs=3"]


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ("space.optim.lr=log(0,1)", "above 0"),
        ("space.optim.lr=uniform(2,1)", "swap them"),
        ("space.optim.lr=1e-3", "expected log"),
        ("space.optim.lr=log(a,b)", "expected log"),
    ],
)
def test_wrong_spaces_are_named(item, told):
    with pytest.raises(ConfigError, match=told):
        parse_space([item])


def test_wrong_values_are_named_before_anything_is_trained(tmp_path):
    trainer = Trainer()
    with pytest.raises(ConfigError) as caught:
        tune(_tuning(tmp_path, space=("space.recipe=[plain,none_such]", "space.optim.lr=uniform(-1,1)")), trainer)
    assert len(caught.value.problems) == 2
    assert trainer.commands == []


def test_the_best_is_written_as_an_experiment(tmp_path):
    study = tune(_tuning(tmp_path), Trainer())
    assert len(study.trials) == 6
    best = max(study.trials, key=lambda trial: trial.value)
    assert study.best_params == best.params
    config = load(["task=sentiment", "experiment=best"], tmp_path)
    assert config.optim.lr == pytest.approx(best.params["optim.lr"], rel=1e-5)
    assert config.trainer.epochs == best.params["trainer.epochs"]
    assert config.recipe.ema == (0.99 if best.params["recipe"] == "ema" else 0.0)
    written = (tmp_path / "experiment" / "best.yaml").read_text(encoding="utf-8")
    assert written.startswith("# @package _global_\n")
    assert yaml.safe_load(written)["defaults"] == [{"override /recipe": best.params["recipe"]}]


def test_goes_on_and_counts_what_was_done(tmp_path):
    tune(_tuning(tmp_path, 3), Trainer())
    again = Trainer()
    study = tune(_tuning(tmp_path, 5), again)
    assert len(again.commands) == 2
    assert len(study.trials) == 5


def test_a_trial_that_was_running_at_a_kill_counts_as_failed(tmp_path):
    study = tune(_tuning(tmp_path, 2), Trainer())
    study.ask()
    again = tune(_tuning(tmp_path, 3), Trainer())
    assert [trial.state for trial in again.trials].count(TrialState.FAIL) == 1
    assert [trial.state for trial in again.trials].count(TrialState.COMPLETE) == 3


def test_a_trial_that_lags_behind_is_stopped(tmp_path):
    trainer = Trainer(slow=5)
    study = tune(_tuning(tmp_path, 6), trainer)
    assert trainer.processes[5].stopped
    assert study.trials[5].state == TrialState.PRUNED
    assert study.best_trial.number != 5


def test_failures_in_a_row_end_the_search_with_their_reason(tmp_path):
    with pytest.raises(TrainingError, match="cannot train"):
        tune(_tuning(tmp_path), Trainer(broken=True))


def test_half_written_lines_are_passed_over(tmp_path):
    (tmp_path / "e.jsonl").write_text('{"epoch": 1, "val/primary": 0.5}\n{"epoch": 2}\n{"epo', encoding="utf-8")
    assert epochs(tmp_path / "e.jsonl") == {1: 0.5}
    assert epochs(tmp_path / "none.jsonl") == {}


def test_a_later_call_draws_anew(tmp_path):
    trainer = Trainer()
    tune(_tuning(tmp_path, 3), trainer)
    tune(_tuning(tmp_path, 6), trainer)
    rates = [next(item for item in command if item.startswith("optim.lr=")) for command in trainer.commands]
    assert len(set(rates)) == len(rates) == 6


def test_another_search_does_not_take_the_trials_of_the_first(tmp_path):
    tune(_tuning(tmp_path, 2), Trainer())
    with pytest.raises(ConfigError, match="choose another folder"):
        tune(_tuning(tmp_path, 3, ("space.recipe=[plain,fgm]",)), Trainer())


class Constant(Trainer):
    """Its validation metric never has a value."""

    def __call__(self, arguments):
        process = super().__call__(arguments)
        folder = next(Path(item.split("=", 1)[1]) for item in arguments if item.startswith("hydra.run.dir="))
        (folder / "report" / "report.json").write_text('{"run": {"best_validation": null}}', encoding="utf-8")
        return process


def test_a_trial_without_a_value_has_failed(tmp_path):
    with pytest.raises(TrainingError, match="never had a value"):
        tune(_tuning(tmp_path), Constant())


def test_a_trial_may_say_more_than_a_pipe_holds(tmp_path, monkeypatch):
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nyes warning | head -c 300000 >&2\necho the end >&2\nexit 1\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(offspring.sys, "executable", str(script))
    process = trial.starter(offspring.Offspring(), {"PATH": "/usr/bin:/bin"})(["train"])
    assert process.wait(timeout=30) == 1
    process.stderr.seek(0)
    assert process.stderr.read().endswith("the end\n")
    process.stderr.close()
