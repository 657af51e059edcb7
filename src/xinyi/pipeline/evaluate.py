"""`xinyi evaluate`: predictions and a report of a bundle on any labelled data, through the served runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from hydra.core.override_parser.overrides_parser import OverridesParser

from xinyi.config import builders, check
from xinyi.config.keys import decode, decode_keys
from xinyi.config.quoting import quote
from xinyi.config.schema.data import DataConfig
from xinyi.config.schema.evaluation import EvaluationConfig
from xinyi.data import Dataset, load, load_split
from xinyi.errors import BundleError, ConfigError, describe
from xinyi.evaluation import report as reports
from xinyi.evaluation.answers import store_answers
from xinyi.evaluation.behaviour import load_suites
from xinyi.evaluation.plots import write_confusion_plots
from xinyi.evaluation.predictions import write_predictions
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.pipeline.data_checks import mark_near
from xinyi.pipeline.facts import run_facts
from xinyi.pipeline.folder import RunFolder, read_json, write_json
from xinyi.pipeline.measure import ask_suites, latency
from xinyi.pipeline.resume import run_config
from xinyi.runtime import Classifier
from xinyi.runtime import load as load_bundle
from xinyi.runtime.manifest import SEAL, read_manifest

EVALUATION = "evaluation."


def evaluate(target: Path, overrides: Sequence[str], output: Path | None = None) -> tuple[dict[str, Any], Path]:
    """Answer every row with the bundle and measure the answers.

    Args:
        target: a run folder with a bundle, or a bundle.
        overrides: `data.test=FILE data.text=… data.labels.<task>=…`; for a run they change its own data settings,
            and without any its own validation and test rows are answered again. `evaluation.…` says what is measured.
        output: folder for predictions, data.json and the report; default: a new folder under runs/.

    Returns: the report and the folder it lies in.

    Raises:
        BundleError, ConfigError, DataError: what cannot be used.
    """
    bundle = find_bundle(target)
    classifier = load_bundle(bundle)
    is_run = (target / "config.yaml").is_file()
    measured = _evaluation(target, is_run, [text for text in overrides if text.startswith(EVALUATION)])
    overrides = [text for text in overrides if not text.startswith(EVALUATION)]
    dataset = _own_data(target) if is_run and not overrides else _given_data(target, is_run, overrides, classifier)
    folder = RunFolder(output or Path("runs") / f"{datetime.now():%Y-%m-%d_%H%M%S}_evaluate_{dataset.summary['name']}")
    folder.create()
    summary = _with_training_counts(dataset.summary, target)
    write_json(folder.data, summary)
    paths = _predict(classifier, dataset, folder)
    tasks = [task.id for task in dataset.tasks]
    sealed = {"name": classifier.name, "version": classifier.version, SEAL: read_manifest(bundle).raw[SEAL]}
    facts = run_facts(folder.root.name, 0, tasks=tasks, bundle=sealed)
    settings = builders.evaluation(measured, EvaluationSettings().seed, texts=classifier.masking)
    table = dataset.splits.get("test", next(iter(dataset.splits.values())))
    asked = ask_suites(measured, folder, classifier.logits, dataset.tasks, table)
    cost = _cost(bundle, classifier, table)
    report = reports.build(paths, dict(classifier.decodings), facts, summary, settings, asked, cost)
    reports.write(report, folder.report)
    store_answers(paths, folder.report)
    write_confusion_plots(report, folder.report)
    return report, folder.root


def _evaluation(target: Path, is_run: bool, overrides: Sequence[str]) -> EvaluationConfig:
    """What is measured: as the run was, or the defaults; with the overrides on top. Raises ConfigError."""
    raw = asdict(run_config(RunFolder(target)).evaluation if is_run else EvaluationConfig())
    problems = list(_apply(raw, overrides, "evaluation"))
    problems += check.problems(raw, EvaluationConfig, EVALUATION)
    if problems:
        raise ConfigError(problems)
    config = check.build(raw, EvaluationConfig)
    # A suite that cannot be read is found before anything is answered.
    load_suites(config.suites)
    return config


def _cost(bundle: Path, classifier: Classifier, table: pa.Table) -> dict[str, Any]:
    """The sizes of the bundle's formats, and how long the served model takes for one text."""
    formats = read_manifest(bundle).formats
    sizes = {name: (bundle / record.file).stat().st_size for name, record in formats.items()}
    return {"bytes": sizes, "latency_ms": {**latency(classifier.logits, table), "on": "the bundle, onnxruntime"}}


def find_bundle(target: Path) -> Path:
    """The bundle that a path names or holds. Raises BundleError."""
    for folder in (target, target / "bundle"):
        if (folder / "manifest.json").is_file():
            return folder
    remedy = "name a bundle, or write one with xinyi export RUN"
    raise BundleError([describe("a bundle, or a run folder that holds one", str(target), remedy)])


def _own_data(target: Path) -> Dataset:
    """The run's validation and test rows."""
    config = run_config(RunFolder(target))
    dataset = mark_near(load(builders.data_settings(config), builders.task_specs(config)))
    kept = {name: table for name, table in dataset.splits.items() if name != "train"}
    return Dataset(dataset.tasks, kept, dataset.summary)


def _given_data(target: Path, is_run: bool, overrides: Sequence[str], classifier: Classifier) -> Dataset:
    """Other rows: the run's data settings with the overrides on top, or the overrides alone."""
    raw = dict(vars(run_config(RunFolder(target)).data)) if is_run else {}
    if is_run and any(text.startswith("data.test=") for text in overrides):
        raw |= {"train": None, "validation": None, "sources": [], "root": None, "group": None}
    problems = list(_apply(raw, overrides, "data"))
    problems += check.problems(raw, DataConfig, "data.")
    if not raw.get("test"):
        problems.append(describe("files to evaluate", "none", "set data.test=FILE", "data.test"))
    if problems:
        raise ConfigError(problems)
    config = check.build(raw, DataConfig)
    source = builders.source_settings(config)
    simplify = classifier.encoder.settings.simplify
    return load_split(config.name, source, classifier.tasks, mask=classifier.masking, simplify=simplify)


def _apply(raw: dict[str, Any], overrides: Sequence[str], group: str):
    """Put a group's overrides into its plain section; yields what cannot be used."""
    for text in overrides:
        try:
            parsed = OverridesParser.create().parse_override(quote(text))
        except Exception as error:
            yield describe(f"{group}.key=value", repr(text), " ".join(str(error).split()))
            continue
        head, *keys = decode(parsed.key_or_group).split(".")
        if head != group or not keys:
            expected = "overrides of data.… and evaluation.…"
            yield describe(expected, repr(text), "a bundle carries everything else", "evaluate")
            continue
        node = raw
        for key in keys[:-1]:
            node[key] = dict(node.get(key) or {})
            node = node[key]
        node[keys[-1]] = decode_keys(parsed.value())


def _with_training_counts(summary: Mapping[str, Any], target: Path) -> dict[str, Any]:
    """The labels' counts in the training rows, which the constant answer to compare with is read off."""
    path = target / "data.json" if (target / "data.json").is_file() else target.parent / "data.json"
    if "train" in summary["splits"] or not path.is_file():
        return dict(summary)
    train = read_json(path)["splits"].get("train")
    return {**summary, "splits": {**summary["splits"], **({"train": train} if train else {})}}


def _predict(classifier: Classifier, dataset: Dataset, folder: RunFolder) -> dict[str, Path]:
    paths = {}
    for split, table in dataset.splits.items():
        # The texts are prepared already; preparing them again changes nothing.
        logits = classifier.logits(table["text"].to_pylist(), table["context"].to_pylist())
        kept = {task.id: logits[task.id] for task in dataset.tasks}
        paths[split] = folder.predictions(split)
        write_predictions(paths[split], table, kept, dataset.tasks, split)
    return paths
