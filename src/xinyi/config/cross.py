"""Checks that look at several settings together, and at the files they name. All problems are listed."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xinyi.errors import ConfigError, describe

_NO_FILE = "check the path; relative paths start from data.root, or from the working folder"


def cross_problems(raw: Mapping[str, Any]) -> list[str]:
    """Every problem between settings. Tolerates sections of the wrong shape: the schema check reports those."""
    sections = {key: value if isinstance(value, Mapping) else {} for key, value in raw.items()}
    checks = (_task_problems, _data_problems, _backbone_problems, _trainer_problems, _gate_problems, _export_problems)
    return [text for check in checks for text in check(sections)]


def _task_problems(raw: Mapping[str, Any]) -> Iterator[str]:
    from xinyi.config.builders import task_spec

    tasks, data = raw.get("tasks", {}), raw.get("data", {})
    if not tasks and not any(source.get("labels") for source in _sources(data)):
        remedy = "choose task=sentiment (or emotion, intent, …), or name label columns with data.labels.<task>=<column>"
        yield describe("at least one task", "none", remedy, "task")
    for name, task in tasks.items():
        try:
            task_spec(name, task)
        except ConfigError as error:
            yield from (f"tasks.{name}: {text}" for text in error.problems)
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            yield describe("labels as {id, zh, en, group}", error, "see conf/task/emotion.yaml", f"tasks.{name}")


def _sources(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    sources = data.get("sources") or [data]
    return [source for source in sources if isinstance(source, Mapping)]


def _data_problems(raw: Mapping[str, Any]) -> Iterator[str]:
    from xinyi.config import check
    from xinyi.config.schema.data import SourceConfig

    data = raw.get("data", {})
    if data.get("sources") and data.get("train"):
        yield describe("data.train or data.sources", "both", "remove one of them", "data")
    if (data.get("validation_share") or 0) + (data.get("test_share") or 0) > 0.8:
        yield describe("validation_share + test_share of at most 0.8", "more", "lower one of them", "data")
    for i, source in enumerate(data.get("sources") or []):
        if isinstance(source, Mapping):
            yield from check.problems(source, SourceConfig, f"data.sources[{i}].")
    for i, source in enumerate(_sources(data)):
        where = f"data.sources[{i}]" if data.get("sources") else "data"
        yield from _file_problems(source, data.get("root"), where)
        yield from _label_problems(source, raw.get("tasks", {}), where)


def _file_problems(source: Mapping[str, Any], root: str | None, where: str) -> Iterator[str]:
    if not source.get("train"):
        yield describe("training file(s)", "none", f"set {where}.train=FILE", f"{where}.train")
    base = Path(source.get("root") or root or ".")
    for split in ("train", "validation", "test"):
        names = source.get(split) or []
        for name in [names] if isinstance(names, str) else names:
            if not glob.glob(str(base / str(name))):
                yield describe("an existing file", str(base / str(name)), _NO_FILE, f"{where}.{split}")


def _label_problems(source: Mapping[str, Any], tasks: Mapping[str, Any], where: str) -> Iterator[str]:
    labels = source.get("labels") or {}
    for name in ("kinds", "order", "map"):
        for task in source.get(name) or {}:
            if task not in labels:
                remedy = f"add {where}.labels.{task}=<column>"
                yield describe("a task with a label column", repr(task), remedy, f"{where}.{name}")
    for task, kind in (source.get("kinds") or {}).items():
        if kind not in ("single", "ordinal", "multi"):
            yield describe("single, ordinal or multi", repr(kind), "choose one of them", f"{where}.kinds.{task}")
        declared = tasks.get(task)
        if isinstance(declared, Mapping) and declared.get("kind") not in (None, kind):
            remedy = f"remove {where}.kinds.{task}: the task's own YAML says it"
            yield describe(f"kind {declared['kind']!r}", repr(kind), remedy, f"{where}.kinds.{task}")


def _backbone_problems(raw: Mapping[str, Any]) -> Iterator[str]:
    backbone = raw.get("backbone", {})
    kind, path, name = backbone.get("kind"), backbone.get("path"), backbone.get("name")
    if kind == "local" and not path:
        yield describe("a folder", "none", "set backbone.path=DIR", "backbone.path")
    if kind == "local" and path and not (Path(path) / "config.json").is_file():
        yield describe("a Hugging Face folder with config.json", path, "check the path", "backbone.path")
    if kind == "hub" and not name:
        yield describe("a repository name", "none", "set backbone.name=OWNER/NAME", "backbone.name")
    if kind in ("embedded", "hub") and path:
        yield describe(f"no path with kind={kind}", path, "use backbone=local backbone.path=DIR", "backbone.path")
    if kind in ("embedded", "local") and name:
        yield describe(f"no name with kind={kind}", name, "use backbone=hub backbone.name=NAME", "backbone.name")


def _trainer_problems(raw: Mapping[str, Any]) -> Iterator[str]:
    trainer, data = raw.get("trainer", {}), raw.get("data", {})
    devices = (trainer.get("devices") or 1) * (trainer.get("nodes") or 1)
    if isinstance(devices, int) and devices > 1 and trainer.get("strategy") != "ddp":
        yield describe("strategy=ddp for several devices", trainer.get("strategy"), "use trainer=ddp", "trainer.strategy")
    tokens, length = trainer.get("batch_tokens"), data.get("max_length")
    if isinstance(tokens, int) and isinstance(length, int) and tokens < length:
        yield describe(
            f"batch_tokens of at least data.max_length ({length})", tokens, "raise one or lower the other", "trainer"
        )


def _gate_problems(raw: Mapping[str, Any]) -> Iterator[str]:
    from xinyi.gates import parse_rules

    gate = raw.get("gate", {})
    if (champion := gate.get("champion")) and not Path(champion).exists():
        yield describe("a report.json, run folder or bundle", champion, "check the path", "gate.champion")
    rules = gate.get("rules") or []
    if gate.get("enforce") and not rules:
        yield describe("rules to enforce", "none", "choose gate=default or write gate.rules", "gate.enforce")
    if isinstance(rules, list) and rules:
        try:
            parse_rules(rules)
        except ConfigError as error:
            yield from (f"gate.rules: {text}" for text in error.problems)


def _export_problems(raw: Mapping[str, Any]) -> Iterator[str]:
    export = raw.get("export", {})
    known = ("safetensors", "onnx")
    for name in export.get("formats") or []:
        if name not in known:
            yield describe(f"formats among {', '.join(known)}", repr(name), "remove it", "export.formats")
    if export.get("enabled") and "onnx" not in (export.get("formats") or []):
        yield describe("onnx among the formats of a bundle", export.get("formats"), "add onnx", "export.formats")
