"""Every YAML under conf/: composed, checked, and all built that it describes. A new file is covered by itself."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from xinyi.config import builders
from xinyi.config.compose import load, plain
from xinyi.config.paths import conf_dir
from xinyi.config.schema import GROUPS, TrainConfig
from xinyi.data import load as load_data
from xinyi.evaluation.metrics.table import METRICS
from xinyi.gates import parse_rules
from xinyi.models.backbone import load_backbone
from xinyi.models.pooling_names import POOLING_NAMES
from xinyi.pipeline.parts import _fit_settings, _optimizer
from xinyi.training import precision

pytestmark = pytest.mark.integration

FILES = sorted(path.relative_to(conf_dir()).with_suffix("").as_posix() for path in conf_dir().rglob("*.yaml"))
OPTIONS = [name for name in FILES if name.partition("/")[0] in GROUPS]
PLAIN = [name for name in OPTIONS if not name.startswith(("task/", "experiment/"))]
HELP = ["hydra/help/xinyi"]
PRETRAINING = [name for name in FILES if name.startswith(("corpus/", "pretraining/"))]  # see test_pretrain.py
# Recipes that work with something of the user's.
NEEDS = {
    "recipe/distill": "recipe.teacher", "recipe/self_training": "recipe.unlabelled", "recipe/adapt": "recipe.adapt",
}  # fmt: skip
EXPERIMENTS = [name.partition("/")[2] for name in FILES if name.startswith("experiment/")]


def test_every_file_belongs_to_a_group():
    """Anything else would be no choice of anybody's."""
    assert sorted(set(FILES) - set(OPTIONS)) == sorted([*HELP, *PRETRAINING, "pretrain", "train"])
    assert {name.partition("/")[0] for name in OPTIONS} == set(GROUPS)


@pytest.fixture
def fake(tmp_path):
    """What some options need from the user: a model's folder, and tiny tables for the files that a section names."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}", encoding="utf-8")

    def overrides(option: str) -> list[str]:
        group, _, name = option.partition("/")
        found = [f"{group}={name}"]
        if option in ("backbone/local", "backbone/own"):
            return [*found, f"backbone.path={model}"]
        if option in NEEDS:
            return [*found, f"{NEEDS[option]}={model if option.endswith('distill') else ['a.txt']}"]
        if group == "gate":
            return [*found, f"gate.champion={model}"]
        if option == "data/files":
            found += ["task=own", f"data.root={tmp_path}", "data.train=own.jsonl", "data.labels={mood: label}"]
        elif group == "data" and name != "sample":
            found += ["task=own", f"data.root={tmp_path}"]
        if group == "experiment":
            found.append(f"data.root={tmp_path}")
        if group in ("experiment", "data"):
            make_files(plain(found), tmp_path)
        return found

    return overrides


def make_files(raw: dict[str, Any], root: Path) -> None:
    """Write each file that lies below `root`, with the columns that its origin reads."""
    data = raw["data"]
    for source in data["sources"] or [data]:
        merged = {key: source.get(key, data[key]) for key in ("text", "context", "meta", "group")}
        for split in ("train", "validation", "test"):
            names = source.get(split) or []
            for name in [names] if isinstance(names, str) else names:
                path = Path(data["root"] or ".") / name
                if path.is_relative_to(root):
                    write_table(path, merged, source, raw["tasks"])


def write_table(path: Path, columns: dict[str, Any], source: dict[str, Any], tasks: dict[str, Any]) -> None:
    rows = []
    for i in range(24):
        row = {columns["text"]: f"{path.parent.name}的第{i}条消息，{path.stem}"}
        row |= {name: f"值{i}" for name in [*columns["meta"], columns["context"], columns["group"]] if name}
        for task, column in source["labels"].items():
            words = list(source.get("map", {}).get(task, {})) or source.get("order", {}).get(task, [])
            words = words or [str(i + 1) for i in range(source.get("stars", {}).get(task, 0))]
            words = words or [label["id"] for label in tasks.get(task, {}).get("labels", [])]
            row[column] = (words or ["1", "2", "3"])[i % len(words or "abc")]
        rows.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def build_everything(config: TrainConfig) -> None:
    """Every object that a run makes of a configuration, short of the data and the pretrained weights."""
    tasks = builders.task_specs(config)
    assert [task.id for task in tasks] == list(config.tasks)
    assert all(METRICS[task.primary] for task in tasks)
    assert builders.data_settings(config).sources
    assert builders.encoding_settings(config.data).max_length == config.data.max_length
    assert builders.evaluation_settings(config).resamples == config.evaluation.resamples
    assert builders.export_settings(config).formats == tuple(config.export.formats)
    assert builders.tracking_settings(config).enabled is config.tracking.enabled
    assert len(parse_rules(config.gate.rules) if config.gate.rules else []) == len(config.gate.rules)
    if config.backbone.kind == "embedded" and config.backbone.config:
        load_backbone(builders.backbone_settings(config))
    flag, _ = precision.choose(config.trainer.precision, on_gpu=False)
    assert _fit_settings(config, flag, on_gpu=False).epochs == config.trainer.epochs
    check_optimizer(config)


def check_optimizer(config: TrainConfig) -> None:
    """The optimiser takes a step on a tiny module with an encoder's and a head's names."""
    torch.manual_seed(0)
    model = torch.nn.ModuleDict(
        {"encoder": torch.nn.Linear(3, 3), "heads": torch.nn.ModuleDict({"a": torch.nn.Linear(3, 2)})}
    )
    optimizer, factor = _optimizer(config, 10)(model)
    before = [p.detach().clone() for p in model.parameters()]
    model["heads"]["a"](model["encoder"](torch.ones(2, 3))).pow(2).sum().backward()
    optimizer.step()
    assert all(not torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))
    head = config.optim.lr if config.optim.head_lr is None else config.optim.head_lr
    rates = {group["lr"] for group in optimizer.param_groups}
    assert head in rates
    assert max(rates) <= max(config.optim.lr, head)
    assert 0.0 <= factor(10) <= factor(1) <= 1.0 or config.optim.schedule == "constant"


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_composes_and_builds(option, fake):
    build_everything(load(fake(option)))


@pytest.mark.parametrize("option", PLAIN)
def test_what_an_option_says_is_what_is_composed(option, fake):
    group, path = option.partition("/")[0], conf_dir() / f"{option}.yaml"
    said = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    whole = plain(fake(option))
    if path.read_text(encoding="utf-8").startswith("# @package _global_"):
        parts = {name: part for name, part in said.items() if name != "defaults"}
        assert all(whole[name][key] == value for name, part in parts.items() for key, value in part.items())
        return
    composed = whole[group]
    given = {"backbone/local": {"path"}, "backbone/own": {"path"}, "data/files": {"root", "train", "labels"}}.get(
        option, set()
    )
    given |= {"champion"} if group == "gate" else set()
    for key, value in said.items():
        if key not in {"defaults", *given} and not (isinstance(value, str) and "${" in value):
            assert composed[key] == value, key


def test_every_recipe_is_named_in_the_documents_and_every_pooling_is_a_recipe():
    recipes = {name.partition("/")[2] for name in FILES if name.startswith("recipe/")}
    text = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
    assert not [name for name in recipes - {"plain"} if f"| `{name}` |" not in text]
    poolings = {load([f"recipe={name}"]).backbone.pooling for name in recipes if name.endswith("_pooling")}
    assert poolings == set(POOLING_NAMES)


@pytest.mark.parametrize("name", ["layer_decay", "finetune_large"])
def test_layer_decay_holds_for_the_embeddings_too(name):
    """The default optimiser has a rate for them, which would take them out of it."""
    assert load([]).optim.embedding_lr is not None
    config = load([f"recipe={name}"])
    assert config.recipe.layer_decay < 1.0
    assert config.optim.embedding_lr is None


@pytest.mark.parametrize("name", [name.partition("/")[2] for name in FILES if name.startswith("task/")])
def test_a_task_lands_below_its_own_name(name):
    path = conf_dir() / "task" / f"{name}.yaml"
    config = load([f"task={name}"])
    if name == "own":
        assert config.tasks == {}
        return
    assert path.read_text(encoding="utf-8").startswith(f"# @package tasks.{name}\n")
    (task,) = builders.task_specs(config)
    assert (task.id, bool(task.zh), bool(task.en)) == (name, True, True)
    assert all(label.id.isascii() and label.zh and label.en for label in task.labels)
    assert len({label.zh for label in task.labels}) == len(task.labels)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_reads_its_files(name, fake):
    config = load(fake(f"experiment/{name}"))
    assert config.data.name == config.name == name
    dataset = load_data(builders.data_settings(config), builders.task_specs(config))
    labelled = {task for source in builders.data_settings(config).sources for task in source.labels}
    assert {task.id for task in dataset.tasks} == labelled
    assert all(len(dataset.splits[split]) for split in ("train", "validation", "test"))
    for source in builders.data_settings(config).sources:
        assert {f"meta.{column}" for column in source.meta} <= set(dataset.splits["train"].column_names)
    contexts = dataset.splits["train"]["context"].to_pylist()
    assert all(contexts) is (config.data.context is not None)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_without_its_files_says_where_they_are_missed(name, tmp_path):
    from xinyi.errors import ConfigError

    with pytest.raises(ConfigError, match="expected an existing file") as caught:
        load([f"experiment={name}", f"data.root={tmp_path}"])
    assert all(str(tmp_path) in problem for problem in caught.value.problems)


def test_a_derived_task_reads_the_labels_it_follows_from():
    config = load(["task=sentiment3", "data.limit=40"])
    dataset = load_data(builders.data_settings(config), builders.task_specs(config))
    labels = set(dataset.splits["train"]["label.sentiment3"].to_pylist())
    assert labels == {"negative", "neutral", "positive"}


def test_the_schema_explains_every_setting():
    """`xinyi train --help` shows keys; their meaning stands in the schema."""

    def settings(schema: type, where: str) -> list[str]:
        missing = []
        for f in dataclasses.fields(schema):
            inner = f.default_factory if dataclasses.is_dataclass(f.default_factory) else None
            if inner is not None:
                missing += settings(inner, f"{where}{f.name}.")
            elif not f.metadata.get("help"):
                missing.append(f"{where}{f.name}")
        return missing

    assert settings(TrainConfig, "") == []
