"""Settings that exclude each other and files that are not there, each and all together."""

from __future__ import annotations

import json
import os

import pytest
from config_world import quick, quickly_refused, refused

from xinyi.config.compose import load
from xinyi.config.quoting import quote

EXCLUDED = [
    (["recipe.adapt_tokens=5000"], "recipe.adapt", "files without labels, got none"),
    (["recipe.adapt=[more.txt]"], "recipe.adapt_minutes", "adapt_minutes above 0 with recipe.adapt"),
    (["task=own", "data=files"], "task", "at least one task"),
    (["tasks.sentiment.kind=single", "tasks.sentiment.empty={id: x}"], "tasks.sentiment.empty", "kind multi"),
    (["tasks.emotion.empty.id=anger"], "tasks.emotion.empty", "an id that is no label's"),
    (["tasks.sentiment.primary=micro_f1"], "tasks.sentiment.primary", "a metric for ordinal tasks: macro_f1"),
    (["tasks.emotion.primary=mae"], "tasks.emotion.primary", "a metric for multi tasks: macro_f1"),
    (["tasks.intent.primary=nope"], "tasks.intent.primary", "a metric for single tasks: macro_f1"),
    (["tasks.sentiment.labels=[{id: a}]"], "tasks.sentiment", "at least 2 labels, got 1"),
    (["tasks.sentiment.labels=[{id: a},{id: a}]"], "tasks.sentiment", "each label id once"),
    (["tasks.sentiment.labels=[{zh: a},{id: b}]"], "tasks.sentiment", "labels as {id, zh, en, group}"),
    (["tasks.sentiment.labels=[{id: a, names: x},{id: b}]"], "tasks.sentiment", "labels as {id, zh, en, group}"),
    (["tasks.sentiment.derive={from: x}"], "tasks.sentiment", "labels as {id, zh, en, group}"),
    (
        ["task=sentiment3", "tasks.sentiment3.derive.mapping.negative=nope"],
        "tasks.sentiment3",
        "derive.mapping to lead",
    ),
    (["data.sources=[{train: train.jsonl}]"], "data.train", "data.train or data.sources, got both"),
    (["data.sources=[{train: train.jsonl}]"], "data.test", "data.test or data.sources, got both"),
    (["data.drop={intent: [x]}", "data.sources=[{train: train.jsonl}]"], "data.drop", "move it into the sources"),
    (["data.outside={intnt: OOS}"], "data.outside", "a task with a label column, got 'intnt'"),
    (
        ["data.split=time", "data.time=day", "data.test_from=2026-01-01"],
        "data.test_from",
        "test rows by time or from a file, got both",
    ),
    (["data.validation_share=0.5", "data.test_share=0.4"], "data", "validation_share + test_share of at most 0.8"),
    (
        ["data.validation=null", "data.validation_share=0"],
        "data.validation",
        "validation rows, got no file and a share of 0",
    ),
    (["data.test=null", "data.test_share=0"], "data.test", "test rows, got no file and a share of 0"),
    (["data.train=null"], "data.train", "training file(s), got none"),
    (["data.train=nope.jsonl"], "data.train", "an existing file"),
    (["data.train=[train.jsonl,no*.jsonl]"], "data.train", "an existing file"),
    (["data.validation=nope.jsonl"], "data.validation", "an existing file"),
    (["data.root=/no/such"], "data.train", "an existing file, got /no/such/train.jsonl"),
    (["data.kinds={nope: single}"], "data.kinds", "a task with a label column, got 'nope'"),
    (["data.order={nope: [a]}"], "data.order", "a task with a label column, got 'nope'"),
    (["data.map={nope: {a: b}}"], "data.map", "a task with a label column, got 'nope'"),
    (["data.kinds={intent: many}"], "data.kinds.intent", "single, ordinal or multi"),
    (["data.kinds={intent: multi}"], "data.kinds.intent", "kind 'single', got 'multi'"),
    (["backbone=local"], "backbone.path", "a folder, got none"),
    (["backbone=local", "backbone.path=/no/such"], "backbone.path", "a Hugging Face folder with config.json"),
    (["backbone=hub", "backbone.name=null"], "backbone.name", "a repository name, got none"),
    (["backbone.path=/tmp"], "backbone.path", "no path with kind=embedded"),
    (["backbone=hub", "backbone.path=/tmp"], "backbone.path", "no path with kind=hub"),
    (["backbone.name=x"], "backbone.name", "no name with kind=embedded"),
    (["backbone=hub", "backbone.config={hidden_size: 64}"], "backbone.config", "no config with kind=hub"),
    (
        ["backbone.config={hiden_size: 64}"],
        "backbone.config.hiden_size",
        "unknown key 'hiden_size'; did you mean hidden_",
    ),
    (["backbone.config={num_hidden_layers: two}"], "backbone.config.num_hidden_layers", "a value such as"),
    (["backbone.config={num_hidden_layers: -1}"], "backbone.config.num_hidden_layers", "at least 0, got -1"),
    (["backbone=tiny", "backbone.config.hidden_size=33"], "backbone.config.hidden_size", "a multiple of num_attention"),
    (["backbone=tiny", "backbone.config.num_attention_heads=0"], "backbone.config.hidden_size", "a multiple of num_"),
    (["name=a/b"], "name", "a name without /"),
    (["evaluation.suites=[basic]"], "basic", "a behaviour suite"),
    (["evaluation.abstain_risk={intent: 1.5}"], "evaluation.abstain_risk.intent", "a share above 0 and below 1"),
    (
        ["evaluation.abstain_risk={intend: 0.1}"],
        "evaluation.abstain_risk",
        "a task of emotion, intent, need, sentiment",
    ),
    (
        ["evaluation.abstain_risk={intent: 0.1}", "evaluation.calibrate=false"],
        "evaluation",
        "calibrate with abstain_risk",
    ),
    (["task=emotion", "tasks.emotion.weight=0"], "tasks", "a weight above 0 for some task"),
    (["export.version=1.2"], "export.version", "a semantic version"),
    (["export.version=1.2.03"], "export.version", "a semantic version"),
    (["export.name=a/b"], "export.name", "a name without / and :"),
    (["export.name="], "export.name", "a name without / and :"),
    (["trainer.devices=2"], "trainer.strategy", "strategy=ddp for several devices, got auto"),
    (["trainer.nodes=2"], "trainer.strategy", "strategy=ddp for several devices, got auto"),
    (["trainer=ddp", "trainer.micro_tokens=512"], "trainer.micro_tokens", "no micro_tokens with strategy=ddp, got 512"),
    (["trainer.batch_tokens=100"], "trainer", "batch_tokens of at least data.max_length (192), got 100"),
    (["gate.champion=/no/such"], "gate.champion", "a report.json, run folder, bundle or models:/name@champion"),
    (["gate=release"], "gate.champion", "a champion for the rule no_regression, got none"),
    (["gate=none", "gate.enforce=true"], "gate.enforce", "rules to enforce, got none"),
    (["gate.rules=[{rule: floors}]"], "gate.rules[0].rule", "a rule of floor"),
    (
        ["export.formats=[onnx,pickle]"],
        "export.formats",
        "formats among safetensors, onnx, onnx_int8, pt2, openvino, got 'pickle'",
    ),
    (["export.formats=[safetensors]"], "export.formats", "onnx among the formats of a bundle"),
]


@pytest.mark.parametrize(("overrides", "place", "part"), EXCLUDED, ids=[f"{p}: {t}"[:50] for _, p, t in EXCLUDED])
def test_each_excluded_combination(overrides, place, part):
    found = [text for text in quickly_refused(*overrides) if text.startswith(f"{place}: ")]
    assert any(part in text for text in found)


@pytest.mark.parametrize(
    "overrides",
    [
        ["trainer.devices=2", "trainer.strategy=ddp"],
        ["trainer.batch_tokens=192"],
        ["data.validation=null", "data.validation_share=0.4", "data.test_share=0.4"],
        ["data.train=tr*n.jsonl"],
        ["export=none", "export.formats=[safetensors]"],
        ["gate=none"],
        ["gate.enforce=true"],
        ["gate=release", "gate.champion=/tmp"],
        ["tasks.emotion.primary=micro_f1"],
        ["data.kinds={intent: single}"],
        ["runs=not/yet/there"],
        ["tasks.emotion.weight=0"],
        ["export.version=1.20.3-rc.1+build.5"],
        ["backbone.config={hidden_size: 64, num_attention_heads: 4, mlp_dropout: 0}"],
    ],
    ids=" ".join,
)
def test_their_neighbours_are_allowed(overrides):
    quick(*overrides)


def test_all_problems_come_together_with_those_of_the_schema(tmp_path):
    places = [
        text.partition(": ")[0]
        for text in refused(
            "trainer.epoch=3", "seed=x", "optim._target_=os.system", "data.train=no.jsonl", "backbone=local",
            "gate.enforce=true", "gate.rules=[]", "export.formats=[]", "tasks.intent.primary=x", f"runs={__file__}/x",
        )
    ]  # fmt: skip
    assert sorted(places) == sorted([
        "trainer.epoch", "seed", "optim._target_", "data.train", "backbone.path", "gate.enforce", "export.formats",
        "tasks.intent.primary", "runs",
    ])  # fmt: skip


def test_a_value_of_the_wrong_type_has_no_second_problem():
    assert [text.partition(": ")[0] for text in refused("data.train={a: b}")] == ["data.train"]
    assert [text.partition(": ")[0] for text in refused("export.formats=onnx")] == ["export.formats"]


def test_several_origins_are_checked_one_by_one(table):
    origins = [
        f"{{train: '{table}', labels: {{a: label}}}}", "3", "{trian: x, kinds: [b]}",
        "{train: no.csv, labels: {b: c}, map: {d: {}}}",
    ]  # fmt: skip
    found = refused("task=own", "data=files", quote(f"data.sources=[{','.join(origins)}]"))
    assert sorted(text.partition(": ")[0] for text in found) == [
        "data.sources[1]", "data.sources[2].kinds", "data.sources[2].train", "data.sources[2].trian",
        "data.sources[3].map", "data.sources[3].train",
    ]  # fmt: skip


def test_one_origin_with_test_rows_is_enough(table):
    origin = f"{{train: '{table}', labels: {{a: label}}"
    base = ["task=own", "data=files", "data.test_share=0", "data.validation_share=0.2"]
    both = quote(f"data.sources=[{origin}, test: '{table}'}},{origin}}}]")
    assert len(load([*base, both]).data.sources) == 2
    assert refused(*base, quote(f"data.sources=[{origin}}},{origin}}}]"))[0].startswith("data.test: ")


@pytest.mark.parametrize("task", ["a.b", "a/b", ""])
def test_ids_of_tasks_that_would_break_other_names(task, table, user):
    folder = user("data/own.yaml", f'train: "{table}"\nlabels: {{"{task}": label}}\n')
    (problem,) = refused("task=own", "data=own", config_dir=folder)
    assert problem == f"tasks: expected a task's id without . and /, got {task!r}; name it otherwise"


def test_files_with_signs_of_patterns_in_their_names(tmp_path):
    path = tmp_path / "data[1]*.jsonl"
    path.write_text(json.dumps({"text": "a"}), encoding="utf-8")
    config = load(["task=own", "data=files", f'data.train="{path}"', "data.labels={a: label}"])
    assert config.data.train == str(path)


def test_runs_below_a_file_or_a_dangling_link(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for name in ("file", "file/x/y", "link/x"):
        (problem,) = refused(f"runs={tmp_path}/{name}")
        assert problem.startswith("runs: expected a folder to write to, got ")
        assert "choose another with runs=DIR" in problem


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_runs_in_a_folder_without_the_right_to_write(tmp_path):
    tmp_path.chmod(0o500)
    (problem,) = refused(f"runs={tmp_path}/x")
    assert "no right to write" in problem


def test_runs_without_the_right_to_write(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    (problem,) = refused(f"runs={tmp_path}/x")
    assert f"no right to write in {tmp_path}" in problem
