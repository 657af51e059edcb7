"""`xinyi train`: the whole walk, each stage leaving its file for the next."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from xinyi.config import builders
from xinyi.config.schema import TrainConfig
from xinyi.config.schema.trainer import SEVERAL
from xinyi.data import Dataset, load
from xinyi.data.fingerprint import order_sha256
from xinyi.errors import ConfigError, Interrupted, describe
from xinyi.evaluation.behaviour import check_suites
from xinyi.export.checks import size_problem
from xinyi.pipeline import stages
from xinyi.pipeline.adapt import assembled, check_adapt
from xinyi.pipeline.data_checks import PAGE, check_dataset
from xinyi.pipeline.facts import git_commit
from xinyi.pipeline.folder import RunFolder, read_json, write_json, write_yaml
from xinyi.pipeline.guard import guarded
from xinyi.pipeline.judging import Champion, find_champion
from xinyi.pipeline.parts import Parts
from xinyi.pipeline.self_training import check_unlabelled
from xinyi.pipeline.teaching import check_teacher, teach
from xinyi.pipeline.together import check_launch
from xinyi.tracking import RUN_KEY, Tracker, open_tracker

log = logging.getLogger(__name__)
# Training rows of a label under which it counts as scarce.
FEW = 20


@dataclass
class Outcome:
    """What a run ended with, for the last lines on the screen."""

    folder: RunFolder
    link: str
    runs_link: str = ""
    gate: dict[str, Any] | None = None
    bundle: Path | None = None
    report: dict[str, Any] = field(default_factory=dict)


def train(
    config: TrainConfig,
    root: Path,
    parent: str | None = None,
    resume: bool = False,
    expected: Callable[[Dataset], None] | None = None,
) -> Outcome:
    """Walk a run through all rooms.

    Args:
        config: checked configuration.
        root: the run folder; new, or with `resume` that of a run that was stopped.
        parent: MLflow run id of the sweep that this run belongs to.
        expected: looks at the data before anything is written, and raises DataError for any other than it expects.

    Raises:
        XinyiError: wrong data, a folder that holds a run already, a server that does not answer, no space,
            interrupted; the message says what to do.
    """
    trainer, folder = config.trainer, RunFolder(root)
    check_launch(trainer.devices, trainer.nodes, trainer.strategy in SEVERAL)
    if folder.state.is_file() and not resume:
        remedy = f"go on with it by xinyi resume {root}, or choose another name"
        raise ConfigError([describe("a new run folder", "one that holds a run", remedy, str(root))])
    folder.create()
    with guarded(folder):
        return _begun(config, folder, parent, resume, expected)


def _begun(
    config: TrainConfig,
    folder: RunFolder,
    parent: str | None,
    resume: bool,
    expected: Callable[[Dataset], None] | None,
) -> Outcome:
    """The walk, in a folder that is this process's own."""
    # Fetched now: a champion that cannot be had should cost no training.
    champion = find_champion(config.gate.champion, config.tracking.uri) if config.gate.rules else None
    check_teacher(config, folder)
    check_unlabelled(config, folder)
    check_adapt(config, folder)
    tracker = open_tracker(builders.tracking_settings(config), folder.root)
    dataset = load(builders.data_settings(config), builders.task_specs(config))
    state = read_json(folder.state) if resume else {}
    if resume:
        stages.same_data(state, dataset)
    order = order_sha256(dataset.splits["train"])
    stages.same_order(state, order)
    if expected is not None:
        expected(dataset)
    check_suites(config.evaluation.suites, dataset.tasks)
    dataset, _ = check_dataset(config, dataset, folder.root, auto="cheap")
    _keep(folder, config, dataset)
    parts = assembled(config, folder, dataset)
    if config.export.enabled and (problem := size_problem(parts.model)):
        raise ConfigError([problem])  # now: it would be found only after the training
    # A name of our own, kept first: killed before MLflow's id is kept, the run still finds what it began there.
    state = {"key": uuid4().hex, **state, "fingerprint": dataset.summary["fingerprint"], "order": order}
    write_json(folder.state, state)
    known = state.get("mlflow_run") or (tracker.find(state["key"]) if resume else None)
    tags = {**_tags(config, parts, dataset), RUN_KEY: state["key"]}
    tracker.start(config.name, asdict(config), tags, parent, known)
    write_json(folder.state, {**state, "mlflow_run": tracker.run_id})
    return tracked(tracker, lambda: _walk(config, folder, dataset, parts, tracker, champion))


def tracked(tracker: Tracker, walk: Callable[[], Outcome]) -> Outcome:
    """Whatever ends the walk, the tracker hears of it."""
    try:
        outcome = walk()
    except (Interrupted, KeyboardInterrupt):
        tracker.finish("KILLED")
        raise
    except BaseException:
        tracker.finish("FAILED")
        raise
    tracker.finish("FINISHED")
    return outcome


def _walk(
    config: TrainConfig,
    folder: RunFolder,
    dataset: Dataset,
    parts: Parts,
    tracker: Tracker,
    champion: Champion | None,
) -> Outcome:
    summary = {**dataset.summary, "encoding": stages.encoding_summary(parts.splits)}
    write_json(folder.data, summary)
    tracker.dataset(summary)
    _announce(config, folder, parts, summary)
    teach(config, folder, dataset, parts)
    parts = stages.first_stage(config, folder, dataset, parts)
    facts = stages.fit_stage(config, folder, dataset, parts, tracker.logger())
    cost = stages.predict_stage(config, folder, dataset, parts)
    report = stages.report_stage(config, folder, facts, summary, cost)
    tracker.metrics(report)
    outcome = Outcome(folder, tracker.link(), tracker.runs_link(), report=report)
    if config.export.enabled:
        stages.export_stage(config, folder, dataset, parts, report)
        outcome.bundle = folder.bundle
    outcome.gate = stages.gate_stage(config, folder, report, champion)
    tracker.report(folder.report)
    if outcome.gate is not None:
        tracker.verdict(outcome.gate)
    if outcome.bundle is not None:
        tracker.model(outcome.bundle, config.export.name, config.tracking.register, report)
    return outcome


def _keep(folder: RunFolder, config: TrainConfig, dataset: Dataset) -> None:
    """The configuration and the data's summary, before anything slow."""
    write_yaml(folder.config, asdict(config))
    write_json(folder.data, dataset.summary)


def _tags(config: TrainConfig, parts: Parts, dataset: Dataset) -> dict[str, str]:
    return {
        "backbone": parts.backbone.name + (" (random)" if parts.backbone.random else ""),
        "tasks": ",".join(task.id for task in parts.tasks),
        "data": config.data.name,
        "data_fingerprint": dataset.summary["fingerprint"],
        "git_commit": git_commit() or "none",
        "precision": parts.fit.precision,
    }


def _announce(config: TrainConfig, folder: RunFolder, parts: Parts, summary: dict[str, Any]) -> None:
    """What is about to be trained, in a few lines."""
    rows = ", ".join(f"{name} {part['rows']:,}" for name, part in summary["splits"].items())
    cut = sum(part["cut"] for part in summary["encoding"].values())
    log.info("data       %s: %s rows; %s texts cut to %s tokens", config.data.name, rows, cut, config.data.max_length)
    tasks = ", ".join(f"{task.id} ({task.kind}, {len(task.labels)} labels)" for task in parts.tasks)
    log.info("tasks      %s", tasks)
    millions = sum(p.numel() for p in parts.model.parameters()) / 1e6
    log.info("backbone   %s, %.1f million parameters", parts.backbone.name, millions)
    log.info("precision  %s", parts.precision)
    findings = [finding for finding in summary["checks"]["findings"] if finding["over"] and not finding["allowed"]]
    log.info("checks     %s finding(s) over the limit: %s", len(findings), folder.root / PAGE)
    for problem in summary["problems"]:
        log.warning("data: %s", problem)
    for text in scarce(config, summary["splits"]["train"]["labels"]):
        log.warning("data: %s", text)


def scarce(config: TrainConfig, labels: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """A line for each task that has labels with few training rows, unless a recipe for that was chosen.

    Args:
        labels: task → label → training rows.
    """
    for task, counts in labels.items() if not config.recipe.contrastive else ():
        few = {label: count for label, count in counts.items() if count < FEW}
        if few:
            shown = ", ".join(f"{label} {count}" for label, count in list(few.items())[:5])
            yield (
                f"{task}: expected at least {FEW} training rows a label, got fewer for {len(few)} of {len(counts)} "
                f"({shown}{', …' if len(few) > 5 else ''}); collect more, or try recipe=few_shot"
            )
