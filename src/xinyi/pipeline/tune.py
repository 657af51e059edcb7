"""`xinyi tune`: search for settings with Optuna; each trial is a training run in a process of its own.

The search looks at validation rows only. A trial that lags behind the median of the others at its epoch is stopped.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import yaml
from optuna.trial import TrialState

from xinyi.config.compose import load
from xinyi.config.schema import GROUPS, TrainConfig
from xinyi.errors import ConfigError, TrainingError
from xinyi.pipeline import sweep
from xinyi.pipeline.asked import same_question
from xinyi.pipeline.offspring import looked_after
from xinyi.pipeline.search_space import Dimension, overrides
from xinyi.pipeline.trial import Starter, Trials, starter

# Failures in a row after which the search gives up: something else is wrong than the settings.
_PATIENCE = 3


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
        ConfigError: the space holds values that cannot be configured, or the folder's trials were of another search.
        TrainingError: several trials in a row failed.
        KeyboardInterrupt: Ctrl-C or SIGTERM; no trial is left training.
    """
    check(tuning)
    same_question(tuning.folder, {"space": [str(d) for d in tuning.space], "overrides": list(tuning.base)})
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{(tuning.folder / 'trials.db').resolve()}", study_name="tune", load_if_exists=True,
        direction="maximize", pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1),
    )  # fmt: skip
    # The first draws are independent of one another: from the same seed, a later call would repeat the earlier one's.
    study.sampler = optuna.samplers.TPESampler(seed=tuning.seed + len(study.trials))
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)  # it was running when an earlier call was killed
    if start is None:
        sweep.parent_run(_first(tuning), tuning.folder, "tune")
    with looked_after() as offspring:
        given = start or starter(offspring, sweep.environment(tuning.folder))
        _search(study, tuning, Trials(tuning.space, tuning.folder, given, tuning.base, tuning.config_dir))
    write_best(study, tuning)
    if start is None:
        sweep.conclude(_first(tuning), tuning.folder, "tune", _said(study))
    return study


def _search(study: optuna.Study, tuning: Tuning, trials: Trials) -> None:
    """One trial after another. Raises TrainingError when several in a row failed."""
    failures: list[str] = []
    while _ended(study) < tuning.trials:
        problem = trials.run(study)
        failures = [*failures, problem] if problem else []
        if len(failures) == _PATIENCE:
            raise TrainingError("tune: expected trials that train, got:\n  " + "\n  ".join(failures))


def _ended(study: optuna.Study) -> int:
    return len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)))


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


def _first(tuning: Tuning) -> TrainConfig:
    """The configuration in which every dimension is at its first end."""
    return load([*tuning.base, *_ordered({d.key: d.ends()[0] for d in tuning.space})], tuning.config_dir)


def _said(study: optuna.Study) -> dict[str, str]:
    """The search in short, as tags of the runs' parent."""
    best = study.best_trial
    chosen = {f"best.{key}": str(value) for key, value in best.params.items()}
    return {"best_value": f"{best.value:.4f}", "best_trial": f"trial-{best.number:03d}", **chosen}
