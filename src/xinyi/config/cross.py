"""Checks that look at several settings together. All problems are listed."""

from __future__ import annotations

import difflib
import importlib.util
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xinyi.config.cross_checks import checks_problems
from xinyi.config.cross_data import data_problems, sources
from xinyi.config.cross_evaluation import evaluation_problems
from xinyi.config.cross_recipe import recipe_problems
from xinyi.config.paths import embedded_config
from xinyi.config.schema.trainer import SEVERAL
from xinyi.errors import ConfigError, describe

# semver.org, with a pre-release and build metadata
_SEMANTIC = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z.-]+)?")


def cross_problems(config: Mapping[str, Any]) -> list[str]:
    """Every problem between settings, and files and folders that cannot be used.

    Args:
        config: the whole configuration as plain values of the schema's types.
    """
    checks = (
        _task_problems, data_problems, checks_problems,
        backbone_problems, _trainer_problems, _gate_problems, _export_problems,
        evaluation_problems, recipe_problems, name_problems, folder_problems,
    )  # fmt: skip
    return [text for check in checks for text in check(config)]


def _task_problems(config: Mapping[str, Any]) -> Iterator[str]:
    from xinyi.config.builders import task_spec

    tasks = config["tasks"]
    yield from _id_problems(config)
    if tasks and not any(task["weight"] for task in tasks.values()):
        yield describe("a weight above 0 for some task", "none", "raise tasks.<task>.weight", "tasks")
    if not tasks and not any(source["labels"] for source in sources(config["data"])):
        remedy = "choose task=sentiment (or emotion, intent, …), or name label columns with data.labels.<task>=<column>"
        yield describe("at least one task", "none", remedy, "task")
    for name, task in tasks.items():
        where = f"tasks.{name}"
        try:
            task_spec(name, task)
        except ConfigError as error:
            yield from (f"{where}: {text}" for text in error.problems)
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            yield describe("labels as {id, zh, en, group}", error, "see conf/task/emotion.yaml", where)
        yield from _primary_problems(task, where)
        yield from _empty_problems(task, where)


def _id_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Dots and slashes part the names of settings, heads and metrics."""
    named = [task for source in sources(config["data"]) for task in source["labels"]]
    for task in dict.fromkeys([*config["tasks"], *named]):
        if not task or set(task) & set("./"):
            yield describe("a task's id without . and /", repr(task), "name it otherwise", "tasks")


def _primary_problems(task: Mapping[str, Any], where: str) -> Iterator[str]:
    """The metric that training steers by has to exist for this kind of task."""
    from xinyi.evaluation.metrics.table import metrics_for

    names = [metric.name for metric in metrics_for(task["kind"])]
    if names and task["primary"] not in names:
        expected = f"a metric for {task['kind']} tasks: {', '.join(names)}"
        yield describe(expected, repr(task["primary"]), "choose one of them", f"{where}.primary")


def _empty_problems(task: Mapping[str, Any], where: str) -> Iterator[str]:
    empty, kind = task["empty"], task["kind"]
    if not isinstance(empty, Mapping) or not empty:
        return
    if kind != "multi":
        yield describe(
            "kind multi for a task that has a name for no label", repr(kind), "remove empty", f"{where}.empty"
        )
    if empty.get("id") in [label.get("id") for label in task["labels"] if isinstance(label, Mapping)]:
        yield describe("an id that is no label's", repr(empty.get("id")), "choose another", f"{where}.empty")


def backbone_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """What does not fit together in the group `backbone`."""
    backbone = config["backbone"]
    kind, path, name = backbone["kind"], backbone["path"], backbone["name"]
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
    if kind != "embedded" and backbone["config"]:
        yield describe(f"no config with kind={kind}", backbone["config"], "remove it", "backbone.config")
    if kind == "embedded":
        yield from _size_problems(backbone["config"])


def _size_problems(changes: Mapping[str, Any]) -> Iterator[str]:
    """Sizes of the embedded encoder: those of its config.json, and whole heads."""
    sizes = json.loads(embedded_config().read_text(encoding="utf-8"))
    for key, value in changes.items():
        where = f"backbone.config.{key}"
        if key not in sizes:
            near = difflib.get_close_matches(key, sizes, n=1)
            remedy = f"did you mean {near[0]}?" if near else "remove it"
            yield describe(f"one of {', '.join(sizes)}", f"unknown key {key!r}", remedy, where)
        elif type(value) is not type(sizes[key]) and not (type(value) is int and isinstance(sizes[key], float)):
            yield describe(f"a value such as {sizes[key]!r}", repr(value), f"correct {where}", where)
        elif isinstance(value, int) and value < 0:
            yield describe("at least 0", value, "raise it", where)
        else:
            sizes[key] = value
    hidden, heads = sizes["hidden_size"], sizes["num_attention_heads"]
    if not heads or hidden % heads:
        where = "backbone.config.hidden_size"
        yield describe(f"a multiple of num_attention_heads ({heads})", hidden, "change one of them", where)


def _trainer_problems(config: Mapping[str, Any]) -> Iterator[str]:
    trainer, length = config["trainer"], config["data"]["max_length"]
    strategy = trainer["strategy"]
    if trainer["devices"] * trainer["nodes"] > 1 and strategy not in SEVERAL:
        yield describe("strategy=ddp for several devices", strategy, "use trainer=ddp", "trainer.strategy")
    if trainer["micro_tokens"] and strategy in SEVERAL:
        remedy = "remove it; lower trainer.batch_tokens and raise trainer.accumulate instead"
        expected = f"no micro_tokens with strategy={strategy}"
        yield describe(expected, trainer["micro_tokens"], remedy, "trainer.micro_tokens")
    if strategy == "fsdp":
        yield from _sharded_problems(config)
    if (tokens := trainer["batch_tokens"]) < length:
        expected = f"batch_tokens of at least data.max_length ({length})"
        yield describe(expected, tokens, "raise one or lower the other", "trainer")


def _sharded_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """What reads or changes weights as a whole, and would find a share of them."""
    recipe, remedy = config["recipe"], "leave it out, or use trainer=ddp"
    for key, none in (("ema", 0.0), ("fgm", 0.0), ("rdrop", 0.0), ("lora_rank", 0), ("uncertainty", False)):
        if recipe[key] and recipe[key] != none:
            yield describe(f"no {key} with strategy=fsdp", recipe[key], remedy, f"recipe.{key}")
    if not (target := config["optim"]["_target_"]).startswith("torch.optim."):
        yield describe("an optimiser of torch with strategy=fsdp", target, "use optim=adamw", "optim")


def _gate_problems(config: Mapping[str, Any]) -> Iterator[str]:
    from xinyi.gates import parse_rules

    gate = config["gate"]
    champion, rules = gate["champion"], gate["rules"]
    if champion and not champion.startswith("models:/") and not Path(champion).exists():
        expected = "a report.json, run folder, bundle or models:/name@champion"
        yield describe(expected, champion, "check the path", "gate.champion")
    if not champion and any(rule.get("rule") == "no_regression" for rule in rules):
        remedy = "set gate.champion=RUN, or leave the rule out"
        yield describe("a champion for the rule no_regression", "none", remedy, "gate.champion")
    if gate["enforce"] and not rules:
        yield describe("rules to enforce", "none", "choose gate=default or write gate.rules", "gate.enforce")
    if rules:
        try:
            parse_rules(rules)
        except ConfigError as error:
            yield from error.problems


def _export_problems(config: Mapping[str, Any]) -> Iterator[str]:
    from xinyi.runtime.engines import FORMAT_FILES

    export = config["export"]
    for name in export["formats"]:
        if name not in FORMAT_FILES:
            yield describe(f"formats among {', '.join(FORMAT_FILES)}", repr(name), "remove it", "export.formats")
    if export["enabled"] and "openvino" in export["formats"] and importlib.util.find_spec("openvino") is None:
        remedy = "pip install 'xinyi[openvino]', or leave openvino out"
        yield describe("the package openvino", "none", remedy, "export.formats")
    if not _SEMANTIC.fullmatch(export["version"]):
        yield describe("a semantic version such as 1.2.0", repr(export["version"]), "correct it", "export.version")
    if not export["name"] or set(export["name"]) & set("/:"):
        yield describe("a name without / and :", repr(export["name"]), "choose another", "export.name")
    if export["enabled"] and "onnx" not in export["formats"]:
        yield describe("onnx among the formats of a bundle", export["formats"], "add onnx", "export.formats")


def name_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """A run's name is part of its folder's."""
    if "/" in config["name"] or "\0" in config["name"]:
        yield describe("a name without /", repr(config["name"]), "runs=DIR says where run folders go", "name")


def folder_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Whether a run folder can be made: the nearest folder that exists must take one."""
    folder = Path(config["runs"]).absolute()
    nearest = next((path for path in (folder, *folder.parents) if os.path.lexists(path)), folder)
    if not os.path.isdir(nearest):
        yield describe("a folder to write to", f"{nearest}, which is none", "choose another with runs=DIR", "runs")
    elif not os.access(nearest, os.W_OK | os.X_OK):
        yield describe(
            "a folder to write to", f"no right to write in {nearest}", "choose another with runs=DIR", "runs"
        )
