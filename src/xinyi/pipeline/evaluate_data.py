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
from xinyi.errors import ConfigError, describe
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.pipeline.data_checks import checked, mark_near
from xinyi.pipeline.folder import RunFolder, read_json
from xinyi.pipeline.resume import run_config
from xinyi.runtime import Classifier


def own_data(target: Path) -> Dataset:
    """The run's validation and test rows."""
    config = run_config(RunFolder(target), trust=True)  # the bundle answers, no code of a hub
    dataset = mark_near(load(builders.data_settings(config), builders.task_specs(config)))
    kept = {name: table for name, table in dataset.splits.items() if name != "train"}
    return Dataset(dataset.tasks, kept, dataset.summary)


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


def with_checks(dataset: Dataset, target: Path, folder: RunFolder, masked: bool) -> Dataset:
    """With the findings of the data checks: the run's own for its own rows, else those that need no training rows."""
    if "validation" in dataset.splits:
        found = read_json(target / "data.json").get("checks", {})
        return replace(dataset, summary={**dataset.summary, "checks": found})
    settings = builders.check_settings(ChecksConfig(), auto="cheap")
    return checked(dataset, settings, folder.root, masked, EvaluationSettings().seed)[0]


def with_training_counts(summary: Mapping[str, Any], target: Path) -> dict[str, Any]:
    """The labels' counts in the training rows, which the constant answer to compare with is read off."""
    path = target / "data.json" if (target / "data.json").is_file() else target.parent / "data.json"
    if "train" in summary["splits"] or not path.is_file():
        return dict(summary)
    train = read_json(path)["splits"].get("train")
    return {**summary, "splits": {**summary["splits"], **({"train": train} if train else {})}}
