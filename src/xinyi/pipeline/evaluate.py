"""`xinyi evaluate`: predictions and a report of a bundle on any labelled data, through the served runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from xinyi.config import builders, check
from xinyi.config.schema.evaluation import EvaluationConfig
from xinyi.data import Dataset
from xinyi.errors import ConfigError
from xinyi.evaluation import report as reports
from xinyi.evaluation.answers import store_answers
from xinyi.evaluation.behaviour import check_suites
from xinyi.evaluation.plots import write_confusion_plots
from xinyi.evaluation.predictions import write_predictions
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.pipeline.evaluate_data import (
    apply,
    given_checked,
    given_data,
    own_checked,
    own_data,
    with_training_counts,
)
from xinyi.pipeline.facts import run_facts
from xinyi.pipeline.folder import RunFolder, find_bundle, write_json
from xinyi.pipeline.measure import ask_suites, latency
from xinyi.pipeline.resume import run_config
from xinyi.runtime import Classifier
from xinyi.runtime import load as load_bundle
from xinyi.runtime.files import version_problems
from xinyi.runtime.manifest import SEAL, read_manifest

EVALUATION = "evaluation."


def evaluate(
    target: Path, overrides: Sequence[str], output: Path | None = None, strict: bool = True
) -> tuple[dict[str, Any], Path]:
    """Answer every row with the bundle and measure the answers.

    Args:
        target: a run folder with a bundle, or a bundle.
        overrides: `data.test=FILE data.text=… data.labels.<task>=…`; for a run they change its own data settings,
            and without any its own validation and test rows are answered again. `evaluation.…` says what is measured.
        output: folder for predictions, data.json and the report; default: a new folder under runs/.
        strict: refuse a bundle made with other versions of normaliser or masker; else the report notes them.

    Returns: the report and the folder it lies in.

    Raises:
        BundleError, ConfigError, DataError: what cannot be used.
    """
    bundle = find_bundle(target)
    classifier = load_bundle(bundle, strict=strict)
    is_run = (target / "config.yaml").is_file()
    measured = _evaluation(target, is_run, classifier, [text for text in overrides if text.startswith(EVALUATION)])
    overrides = [text for text in overrides if not text.startswith(EVALUATION)]
    is_own = is_run and not overrides
    dataset = own_data(target) if is_own else given_data(target, is_run, overrides, classifier)
    folder = RunFolder(output or Path("runs") / f"{datetime.now():%Y-%m-%d_%H%M%S}_evaluate_{dataset.summary['name']}")
    folder.create()
    dataset = own_checked(dataset, target, folder) if is_own else given_checked(dataset, folder, classifier.masking)
    summary = with_training_counts(dataset.summary, target, bundle)
    summary["problems"] = [*summary["problems"], *version_problems(read_manifest(bundle))]
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


def _evaluation(target: Path, is_run: bool, classifier: Classifier, overrides: Sequence[str]) -> EvaluationConfig:
    """What is measured: as the run was, or the defaults; with the overrides on top. Raises ConfigError."""
    raw = asdict(run_config(RunFolder(target), trust=True).evaluation if is_run else EvaluationConfig())
    problems = list(apply(raw, overrides, "evaluation"))
    problems += check.problems(raw, EvaluationConfig, EVALUATION)
    if problems:
        raise ConfigError(problems)
    config = check.build(raw, EvaluationConfig)
    # A suite that cannot be read or does not fit the model is found before anything is answered.
    check_suites(config.suites, classifier.tasks)
    return config


def _cost(bundle: Path, classifier: Classifier, table: pa.Table) -> dict[str, Any]:
    """The sizes of the bundle's formats, and how long the served model takes for one text."""
    formats = read_manifest(bundle).formats
    sizes = {name: (bundle / record.file).stat().st_size for name, record in formats.items()}
    return {"bytes": sizes, "latency_ms": {**latency(classifier.logits, table), "on": "the bundle, onnxruntime"}}


def _predict(classifier: Classifier, dataset: Dataset, folder: RunFolder) -> dict[str, Path]:
    paths = {}
    for split, table in dataset.splits.items():
        # The texts are prepared already; preparing them again changes nothing.
        logits = classifier.logits(table["text"].to_pylist(), table["context"].to_pylist())
        kept = {task.id: logits[task.id] for task in dataset.tasks}
        paths[split] = folder.predictions(split)
        write_predictions(paths[split], table, kept, dataset.tasks, split)
    return paths
