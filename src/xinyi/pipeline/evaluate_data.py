"""The rows that `xinyi evaluate` measures: a run's own, or other ones that the overrides name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser

from xinyi.config import builders, check
from xinyi.config.keys import decode, decode_keys
from xinyi.config.quoting import quote
from xinyi.config.schema.checks import ChecksConfig
from xinyi.config.schema.data import DataConfig
from xinyi.data import Dataset, load, load_split
from xinyi.errors import BundleError, ConfigError, describe
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.pipeline.data_checks import check_dataset, checked, mark_near
from xinyi.pipeline.folder import RunFolder, read_json
from xinyi.pipeline.resume import run_config
from xinyi.runtime import Classifier
from xinyi.runtime.files import file_problems
from xinyi.runtime.manifest import read_manifest

# A bundle's own report, inside it.
REPORT = "report/report.json"


def own_data(target: Path) -> Dataset:
    """All rows of a run, as its files hold them now."""
    config = run_config(RunFolder(target), trust=True)  # the bundle answers, no code of a hub
    return load(builders.data_settings(config), builders.task_specs(config))


def own_checked(dataset: Dataset, target: Path, folder: RunFolder) -> Dataset:
    """A run's validation and test rows with the findings of its checks, made anew where rows have changed since.

    Training rows take part in new checks only as long as they are those that the model learnt from: beside others
    nothing could be said of leaks.
    """
    config, before = run_config(RunFolder(target), trust=True), read_json(target / "data.json")
    if before.get("fingerprint") == dataset.summary["fingerprint"]:
        said = {"checks": before.get("checks", {}), "problems": before.get("problems", [])}
        dataset = replace(mark_near(dataset), summary={**dataset.summary, **said})
    else:
        dataset, _ = check_dataset(config, _changed(dataset, before), folder.root, auto="cheap")
    return replace(dataset, splits=_without_train(dataset.splits))


def _changed(dataset: Dataset, before: Mapping[str, Any]) -> Dataset:
    """With the splits that have changed named among the problems, and without training rows that have."""
    splits, known = dataset.summary["splits"], before.get("splits", {})
    other = [name for name in splits if splits[name]["fingerprint"] != known.get(name, {}).get("fingerprint")]
    problem = f"not the rows that the run had: {', '.join(other)}; the data checks ran anew"
    if "train" in other:
        problem += ", without those that look at training rows"
        dataset, splits = replace(dataset, splits=_without_train(dataset.splits)), _without_train(splits)
    problems = [problem, *dataset.summary["problems"]]
    return replace(dataset, summary={**dataset.summary, "splits": splits, "problems": problems})


def _without_train(splits: Mapping[str, Any]) -> dict[str, Any]:
    return {name: content for name, content in splits.items() if name != "train"}


def given_data(target: Path, is_run: bool, overrides: Sequence[str], classifier: Classifier) -> Dataset:
    """Other rows: the run's data settings with the overrides on top, or the overrides alone."""
    raw = dict(vars(run_config(RunFolder(target), trust=True).data)) if is_run else {}
    if is_run and any(text.startswith("data.test=") for text in overrides):
        raw |= {"train": None, "validation": None, "sources": [], "root": None, "group": None}
    problems = list(apply(raw, overrides, "data"))
    problems += check.problems(raw, DataConfig, "data.")
    if not raw.get("test"):
        problems.append(describe("files to evaluate", "none", "set data.test=FILE", "data.test"))
    if problems:
        raise ConfigError(problems)
    config = check.build(raw, DataConfig)
    source = builders.source_settings(config)
    simplify = classifier.encoder.settings.simplify
    return load_split(
        config.name,
        source,
        classifier.tasks,
        mask=classifier.masking,
        simplify=simplify,
        workers=config.workers or os.cpu_count() or 1,
        limit=config.limit,
        seed=config.seed,
        repair=config.repair,
        corrections=[config.corrections] if isinstance(config.corrections, str) else config.corrections or (),
    )


def apply(raw: dict[str, Any], overrides: Sequence[str], group: str) -> Iterator[str]:
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


def given_checked(dataset: Dataset, folder: RunFolder, masked: bool) -> Dataset:
    """Other rows with the findings of those data checks that need no training rows."""
    settings = builders.check_settings(ChecksConfig(), auto="cheap")
    return checked(dataset, settings, folder.root, masked, EvaluationSettings().seed)[0]


def with_training_counts(summary: Mapping[str, Any], target: Path, bundle: Path) -> dict[str, Any]:
    """The labels' counts in the training rows, which the constant answer to compare with is read off.

    They stand in the data.json of the run, and in the report that a bundle brings along wherever it is copied to.
    Raises BundleError when that report is not the one that was exported.
    """
    if "train" in summary["splits"]:
        return dict(summary)
    train = _train_split(target, bundle)
    return {**summary, "splits": {**summary["splits"], **({"train": train} if train else {})}}


def _train_split(target: Path, bundle: Path) -> dict[str, Any] | None:
    manifest = read_manifest(bundle)
    if REPORT in manifest.files:
        if problems := file_problems(manifest, [REPORT]):
            raise BundleError(problems, f"bundle {bundle} cannot be used")
        if train := read_json(bundle / REPORT).get("data", {}).get("splits", {}).get("train"):
            return train
    run = next((folder for folder in (target, target.parent) if (folder / "config.yaml").is_file()), None)
    return read_json(run / "data.json")["splits"].get("train") if run else None
