"""`xinyi tune`: search for settings with Optuna; each trial is a training run in a process of its own.

The search looks at validation rows only. A trial that lags behind the median of the others at its epoch is stopped.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import yaml
from optuna.trial import TrialState

from xinyi.config.compose import load
from xinyi.config.schema import GROUPS
from xinyi.errors import ConfigError, TrainingError
from xinyi.pipeline.folder import read_json
from xinyi.pipeline.search_space import Dimension, overrides

log = logging.getLogger(__name__)
Starter = Callable[[Sequence[str]], "subprocess.Popen[str]"]
# Failures in a row after which the search gives up: something else is wrong than the settings.
_PATIENCE = 3
_POLL = 0.5


@dataclass(frozen=True)
class Tuning:
    """A search. trials: how many are to end, with those of earlier calls. seed: of the sampler."""

    space: tuple[Dimension, ...]
    trials: int
    folder: Path
    base: tuple[str, ...] = ()
    seed: int = 7
    config_dir: Path | None = None


def check(tuning: Tuning) -> None:
    """Compose the ends of every dimension. Raises ConfigError with everything that is wrong."""
    first = {d.key: d.ends()[0] for d in tuning.space}
    problems: dict[str, None] = {}
    for dimension in tuning.space:
        for value in dimension.ends():
            try:
                load([*tuning.base, *_ordered({**first, dimension.key: value})], tuning.config_dir)
            except ConfigError as error:
                problems |= dict.fromkeys(error.problems)
    if problems:
        raise ConfigError(problems)


def _ordered(values: dict[str, str]) -> list[str]:
    return sorted((f"{key}={value}" for key, value in values.items()), key=lambda item: "." in item.split("=")[0])


def tune(tuning: Tuning, start: Starter | None = None) -> optuna.Study:
    """Run trials until as many have ended; goes on where an earlier call stopped.

    Raises:
        ConfigError: the space holds values that cannot be configured.
        TrainingError: several trials in a row failed.
    """
    check(tuning)
    tuning.folder.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{(tuning.folder / 'trials.db').resolve()}", study_name="tune", load_if_exists=True,
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=tuning.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1),
    )  # fmt: skip
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)  # it was running when an earlier call was killed
    failures: list[str] = []
    while _ended(study) < tuning.trials:
        problem = _trial(study, tuning, start or _process)
        failures = [*failures, problem] if problem else []
        if len(failures) == _PATIENCE:
            raise TrainingError("tune: expected trials that train, got:\n  " + "\n  ".join(failures))
    write_best(study, tuning)
    return study


def _ended(study: optuna.Study) -> int:
    return len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)))


def _trial(study: optuna.Study, tuning: Tuning, start: Starter) -> str | None:
    """One trial; what went wrong, or None."""
    trial = study.ask()
    values = {dimension.key: dimension.suggest(trial) for dimension in tuning.space}
    chosen, folder = overrides(values, tuning.space), tuning.folder / f"trial-{trial.number:03d}"
    command = ["train", "export=none", "gate=none", *tuning.base, *chosen, f"hydra.run.dir={folder}"]
    command += ["trainer.progress=false", *(["--config-dir", str(tuning.config_dir)] if tuning.config_dir else [])]
    process = start(command)
    try:
        pruned = _watch(trial, process, folder)
    except BaseException:
        process.kill()
        raise
    problem = None
    if pruned:
        study.tell(trial, state=TrialState.PRUNED)
    elif process.returncode == 0:
        study.tell(trial, float(read_json(folder / "report" / "report.json")["run"]["best_validation"]))
    else:
        problem = f"{' '.join(chosen)}: {(process.stderr.read() if process.stderr else '').strip()[-400:]}"
        study.tell(trial, state=TrialState.FAIL)
    state = study.get_trials(deepcopy=False)[trial.number]
    shown = f"{state.value:.4f}" if state.state == TrialState.COMPLETE else state.state.name.lower()
    log.info("trial %-4s %s  %s", trial.number, shown, " ".join(chosen))
    return problem


def _watch(trial: optuna.Trial, process: subprocess.Popen[str], folder: Path) -> bool:
    """Report each epoch until the process ends; True when it was stopped for lagging behind."""
    seen: set[int] = set()
    running = True
    while running:
        running = process.poll() is None  # asked first: what a process wrote just before its end is still reported
        for epoch, value in epochs(folder / "epochs.jsonl").items():
            if epoch not in seen:
                seen.add(epoch)
                trial.report(value, epoch)
        if running and seen and trial.should_prune():
            process.terminate()
            process.wait()
            return True
        if running:
            time.sleep(_POLL)
    return False


def epochs(path: Path) -> dict[int, float]:
    """Epoch → `val/primary`, as far as whole lines are there."""
    if not path.is_file():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
            found[int(row["epoch"])] = float(row["val/primary"])
        except (ValueError, KeyError):
            continue  # half written, or without a metric
    return found


def write_best(study: optuna.Study, tuning: Tuning) -> Path:
    """The best trial as an experiment: `xinyi train --config-dir FOLDER experiment=best`."""
    chosen = overrides(study.best_params, tuning.space)
    groups = [item.split("=", 1) for item in chosen if item.split("=")[0] in GROUPS]
    content: dict[str, Any] = {"defaults": [{f"override /{group}": name} for group, name in groups]}
    for item in chosen:
        key, value = item.split("=", 1)
        if key in GROUPS:
            continue
        node = content
        *parents, last = key.split(".")
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = yaml.safe_load(value)
    path = tuning.folder / "experiment" / "best.yaml"
    path.parent.mkdir(exist_ok=True)
    head = f"# @package _global_\n# The best of {_ended(study)} trials: {study.best_value:.4f} on validation rows.\n"
    beside = path.with_suffix(".part")
    beside.write_text(head + yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    os.replace(beside, path)
    return path


def _process(arguments: Sequence[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "XINYI_LOG": "ERROR"}
    command = [sys.executable, "-m", "xinyi.cli", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
    )  # fmt: skip
