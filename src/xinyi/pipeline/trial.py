"""One trial of a search: a training run in a process of its own, watched and stopped when it lags behind the others."""

from __future__ import annotations

import json
import logging
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.trial import TrialState

from xinyi.pipeline.folder import read_json
from xinyi.pipeline.offspring import Offspring, stop
from xinyi.pipeline.search_space import Dimension, overrides

log = logging.getLogger(__name__)
Starter = Callable[[Sequence[str]], "subprocess.Popen[str]"]
_POLL = 0.5


@dataclass(frozen=True)
class Trials:
    """What all trials share.

    space: what each is asked to choose. start: begins a training with these arguments. base: its other overrides.
    """

    space: tuple[Dimension, ...]
    folder: Path
    start: Starter
    base: tuple[str, ...] = ()
    config_dir: Path | None = None

    def run(self, study: optuna.Study) -> str | None:
        """Run one trial and tell the study; what went wrong, or None."""
        trial = study.ask()
        values = {dimension.key: dimension.suggest(trial) for dimension in self.space}
        chosen, folder = overrides(values, self.space), self.folder / f"trial-{trial.number:03d}"
        command = ["train", "export=none", "gate=none", *self.base, *chosen, f"hydra.run.dir={folder}"]
        command += ["trainer.progress=false", *(["--config-dir", str(self.config_dir)] if self.config_dir else [])]
        process = self.start(command)
        if _watch(trial, process, folder):
            study.tell(trial, state=TrialState.PRUNED)
            problem = None
        else:
            problem = self._told(study, trial, process, folder)
        _show(study, trial.number, chosen)
        return problem and f"{' '.join(chosen)}: {problem}"

    @staticmethod
    def _told(study: optuna.Study, trial: optuna.Trial, process: subprocess.Popen[str], folder: Path) -> str | None:
        """Tell the study how a trial ended that ended by itself; what went wrong, or None."""
        if process.returncode == 0:
            value = read_json(folder / "report" / "report.json")["run"]["best_validation"]
            if value is not None:
                study.tell(trial, float(value))
                return None
            problem = "the validation metric never had a value"
        else:
            process.stderr.seek(0)
            problem = process.stderr.read().strip()[-400:]
        study.tell(trial, state=TrialState.FAIL)
        return problem


def _show(study: optuna.Study, number: int, chosen: Sequence[str]) -> None:
    state = study.get_trials(deepcopy=False)[number]
    shown = f"{state.value:.4f}" if state.state == TrialState.COMPLETE else state.state.name.lower()
    log.info("trial %-4s %s  %s", number, shown, " ".join(chosen))


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
            stop(process)
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


def starter(offspring: Offspring, environment: Mapping[str, str]) -> Starter:
    """Starts trainings in this environment."""

    def start(arguments: Sequence[str]) -> subprocess.Popen[str]:
        # A file: nobody reads while the training runs, and a full pipe would stop it.
        errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - read after its end
        process = offspring.start(arguments, environment, subprocess.DEVNULL, errors)
        process.stderr = errors
        return process

    return start
