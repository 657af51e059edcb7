"""`xinyi study`: the same training with one thing changed, over paired seeds.

A single seed says little: the same recipe can lose a point on one seed and win two on the next. Each value is trained
with the same seeds as the first one, and the differences are what counts.
"""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xinyi.config.compose import load
from xinyi.config.schema import TrainConfig
from xinyi.errors import ConfigError, TrainingError, describe
from xinyi.evaluation.metrics.table import METRICS
from xinyi.evaluation.paired.seeds import SeedDifference, corrected, seed_difference
from xinyi.pipeline import sweep
from xinyi.pipeline.asked import same_question
from xinyi.pipeline.folder import read_json, write_json
from xinyi.pipeline.offspring import Offspring, looked_after
from xinyi.tracking import undelivered

log = logging.getLogger(__name__)
SCHEMA_VERSION = 1
Runner = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class Study:
    """What is compared: `key` takes each of `values`; the first is the base.

    overrides: of every run. seeds: of every value. split: whose primary metric is compared. parallel: runs at a time.
    """

    key: str
    values: tuple[str, ...]
    seeds: tuple[int, ...]
    folder: Path
    split: str = "validation"
    parallel: int = 1
    overrides: tuple[str, ...] = ()
    config_dir: Path | None = field(default=None)

    def run_folder(self, value: str, seed: int) -> Path:
        """Of one run."""
        return self.folder / f"{value.replace('/', '_')}-{seed}"


def check(study: Study) -> None:
    """Compose every run's configuration before the first one starts. Raises ConfigError with everything wrong."""
    problems: dict[str, None] = {}
    if len(study.values) < 2:
        expected, remedy = f"{study.key}=[a,b,…]", "name what is to be compared, the base first"
        problems[describe(expected, f"{len(study.values)} value", remedy, "study")] = None
    for value in study.values:
        try:
            load([*study.overrides, f"{study.key}={value}"], study.config_dir)
        except ConfigError as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        raise ConfigError(problems)


def run(study: Study, runner: Runner | None = None) -> dict[str, Any]:
    """Make the runs that are not there yet, compare them and write study.json.

    Raises:
        ConfigError: a run cannot be configured, or the folder's runs were made for another question.
        TrainingError: runs failed; the others stay, and the same command goes on with what is missing.
        KeyboardInterrupt: Ctrl-C or SIGTERM; no run is left training.
    """
    check(study)
    same_question(study.folder, {"key": study.key, "overrides": list(study.overrides)})
    with looked_after() as offspring:
        failed = _all(study, runner or _runner(study, offspring), offspring)
    if failed:
        raise TrainingError("study: expected every run to end well, got:\n  " + "\n  ".join(failed))
    result = summarise(study)
    write_json(study.folder / "study.json", result)
    if runner is None:
        sweep.conclude(_base(study), study.folder, "study", _said(result))
    return result


def _all(study: Study, runner: Runner, offspring: Offspring) -> list[str]:
    """Make the runs, several at a time; what went wrong, a text for each."""
    jobs = [(value, seed) for seed in study.seeds for value in study.values]
    with ThreadPoolExecutor(study.parallel) as pool:
        futures = [pool.submit(_job, study, *job, runner) for job in jobs]
        try:
            return [text for future in futures if (text := future.result())]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            offspring.end()  # the threads wait for them, and the pool for its threads
            raise


def _job(study: Study, value: str, seed: int, runner: Runner) -> str | None:
    """One run in a process of its own; what went wrong, or None."""
    folder = study.run_folder(value, seed)
    if (folder / "report" / "report.json").is_file() and not undelivered(folder):
        return None
    done = runner(
        ["resume", str(folder)] if (folder / "state.json").is_file() else _command(study, value, seed, folder)
    )
    log.info("%s %s, seed %s: %s", study.key, value, seed, "done" if done.returncode == 0 else "failed")
    return None if done.returncode == 0 else f"{value}, seed {seed}: {done.stderr.strip()[-600:]}"


def _command(study: Study, value: str, seed: int, folder: Path) -> list[str]:
    command = ["train", "export=none", "gate=none", *study.overrides, f"{study.key}={value}", f"seed={seed}"]
    command += [f"hydra.run.dir={folder}", "trainer.progress=false"]
    return command + (["--config-dir", str(study.config_dir)] if study.config_dir else [])


def _base(study: Study) -> TrainConfig:
    return load([*study.overrides, f"{study.key}={study.values[0]}"], study.config_dir)


def _runner(study: Study, offspring: Offspring) -> Runner:
    """Makes a run in a process, its MLflow run a child of the study's."""
    sweep.parent_run(_base(study), study.folder, "study")
    environment = sweep.environment(study.folder)

    def run_one(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        process = offspring.start(arguments, environment, subprocess.DEVNULL, subprocess.PIPE)
        _, errors = process.communicate()
        return subprocess.CompletedProcess(arguments, process.returncode, "", errors)

    return run_one


def _said(result: Mapping[str, Any]) -> dict[str, str]:
    """The differences in short, as tags of the runs' parent."""
    return {
        f"{task}.{value}": said(d)
        for task, found in result["tasks"].items()
        for value, d in found["differences"].items()
    }


def said(difference: Mapping[str, Any]) -> str:
    """A difference with its interval, as far as there are any."""
    if difference["mean"] is None:
        return "not computed: the metric has no value"
    if difference["low"] is None:
        return f"{difference['mean']:+.4f} (one pair)"
    return f"{difference['mean']:+.4f} ({difference['low']:+.4f} to {difference['high']:+.4f})"


def summarise(study: Study) -> dict[str, Any]:
    """The study's record, from the reports of its runs.

    `tasks.<task>`: `metric`, `values.<value>` (one number a seed), `differences.<value>` ({mean, low, high, p, p_holm,
    n} against the first value, positive is better). A seed for which the metric has no value counts in no pair.
    """
    reports = {
        value: [read_json(study.run_folder(value, seed) / "report" / "report.json") for seed in study.seeds]
        for value in study.values
    }
    base, *others = study.values
    tasks: dict[str, Any] = {}
    for task, metric in reports[base][0]["primary"].items():
        values = {
            value: [report["tasks"][task][study.split]["metrics"][metric]["value"] for report in found]
            for value, found in reports.items()
        }
        sign = 1.0 if METRICS[metric].direction == "higher" else -1.0
        differences = {value: _difference(values[base], values[value], sign) for value in others}
        tasks[task] = {"metric": metric, "values": values, "differences": differences}
    _correct(tasks)
    head = {"schema_version": SCHEMA_VERSION, "key": study.key, "seeds": list(study.seeds), "split": study.split}
    return {**head, "values": list(study.values), "overrides": list(study.overrides), "tasks": tasks}


def _difference(base: Sequence[float | None], other: Sequence[float | None], sign: float) -> SeedDifference:
    pairs = [(sign * a, sign * b) for a, b in zip(base, other, strict=True) if a is not None and b is not None]
    return seed_difference(*zip(*pairs, strict=True)) if pairs else SeedDifference(None, None, None, None, 0)


def _correct(tasks: dict[str, Any]) -> None:
    """Correct the p-values over all tasks and values, and turn the differences into plain values."""
    flat = [(task, value) for task, found in tasks.items() for value in found["differences"]]
    adjusted = corrected([tasks[task]["differences"][value] for task, value in flat])
    for (task, value), p in zip(flat, adjusted, strict=True):
        tasks[task]["differences"][value] = {**tasks[task]["differences"][value].to_dict(), "p_holm": p}
