"""Composition: groups, a user's own folder, overrides in Chinese, files that cannot be read."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from config_world import refused

from xinyi.config.compose import load, plain, typed
from xinyi.config.paths import conf_dir, sample_dir
from xinyi.config.quoting import quote
from xinyi.config.roots import PRETRAIN
from xinyi.config.schema import GROUPS, TrainConfig
from xinyi.errors import ConfigError

URGENCY = """# @package tasks.urgency
kind: single
zh: 紧急程度
labels: [{id: low, zh: 不急}, {id: high, zh: 急}]
"""


def test_defaults_are_three_heads_on_the_sample_corpus():
    config = load([])
    assert isinstance(config, TrainConfig)
    assert [(name, task.kind) for name, task in config.tasks.items()] == [
        ("sentiment", "ordinal"), ("emotion", "multi"), ("intent", "single"),
    ]  # fmt: skip
    assert [label["zh"] for label in config.tasks["sentiment"].labels] == [
        "非常消极",
        "消极",
        "中性",
        "积极",
        "非常积极",
    ]
    assert config.tasks["emotion"].empty["zh"] == "平静"
    assert (config.data.name, config.data.root, config.name) == ("sample", str(sample_dir()), "sample")


@pytest.mark.parametrize(
    ("choice", "heads"),
    [
        ("task=emotion", ["emotion"]),
        ("task=[sentiment,intent]", ["sentiment", "intent"]),
        ("task=[intent,sentiment3]", ["intent", "sentiment3"]),
        ("+task=need", ["sentiment", "emotion", "intent", "need"]),
        ("task=own", []),
    ],
)
def test_task_picks_the_heads_in_order(choice, heads):
    assert list(load([choice]).tasks) == heads


def test_every_schema_default_is_reached_by_no_yaml_but_the_root():
    """The YAML of the root and the schema's own defaults agree on what there is to set."""
    assert set(plain([])) == set(asdict(TrainConfig()))


@pytest.mark.parametrize("group", GROUPS)
def test_an_unknown_option_lists_the_options(group):
    (problem,) = refused(f"{group}=nope")
    options = ", ".join(sorted(path.stem for path in (conf_dir() / group).glob("*.yaml")))
    assert problem == f"{group}: expected one of {options}, got 'nope'; choose one of them"


@pytest.mark.parametrize("override", ["corpus=files", "+corpus=files", "~corpus", "pretraining=grow"])
def test_a_group_of_another_command_names_the_command(override):
    group = override.strip("+~").partition("=")[0]
    (problem,) = refused(override)
    assert problem.startswith(f"{group}: expected one of the groups task, data, ")
    assert problem.endswith(f"got '{group}'; remove it; xinyi pretrain has that group")
    with pytest.raises(ConfigError) as caught:
        load(["task=emotion", "data=sample"], root=PRETRAIN)
    groups = "expected one of the groups corpus, backbone, pretraining, tracking"
    assert [groups in text and "xinyi train has that group" in text for text in caught.value.problems] == [True] * 2


def test_unknown_options_and_no_option_are_reported_together():
    assert [text.partition(": ")[0] for text in refused("task=[emotion,x]", "data=null", "gate=3")] == [
        "task",
        "data",
        "gate",
    ]


def test_overrides_that_cannot_be_read_are_reported_together():
    first, second = refused("trainer.epochs", "seed=1", "seed=a:b:[")
    assert "got 'trainer.epochs'" in first
    assert "got 'seed=a:b:['" in second


@pytest.mark.parametrize(
    ("override", "part"),
    [
        ("data.labels=[a]", "Cannot merge DictConfig with ListConfig"),
        ("seed=${nope}", "Interpolation key 'nope' not found"),
        ("seed=${oc.env:XINYI_NO_SUCH}", "'XINYI_NO_SUCH' not found"),
        ("~task", "Could not delete 'task'"),
        ("seed=1,2", "Ambiguous value"),
        ("hydra.sweeper.params={a: 1}", "expected values that fit where they are put"),
    ],
)
def test_what_hydra_refuses_is_one_line(override, part):
    (problem,) = refused(override)
    assert part in problem
    assert "\n" not in problem


def test_chinese_values_and_file_names_with_blanks(table):
    overrides = ["task=own", "data=files", f"data.train={table}", "data.text=消息 正文", "data.labels={intent: 意图}"]
    config = load([*map(quote, overrides), "data.validation_share=0.2"])
    assert config.data.train == table
    assert (config.data.text, config.data.labels) == ("消息 正文", {"intent": "意图"})


def test_a_key_that_no_yaml_mentions_is_judged_with_the_rest():
    places = [text.partition(": ")[0] for text in refused("trainer.epoch=3", "nope=1", "+optim.foo=2", "seed=x")]
    assert sorted(places) == ["nope", "optim.foo", "seed", "trainer.epoch"]


def test_a_users_folder_comes_first(user, table):
    folder = user("task/urgency.yaml", URGENCY)
    user("task/emotion.yaml", URGENCY.replace("urgency", "emotion"))
    user("data/files.yaml", f"name: mine\ntrain: {table}\nlabels: {{urgency: label}}\nmap: {{urgency: {{a: low}}}}\n")
    user(
        "experiment/mine.yaml",
        "# @package _global_\ndefaults: [{override /task: urgency}, {override /data: files}]\nseed: 3\n",
    )
    config = load(["experiment=mine"], folder)
    assert (config.name, config.seed, list(config.tasks)) == ("mine", 3, ["urgency"])
    assert [label["zh"] for label in config.tasks["urgency"].labels] == ["不急", "急"]
    assert config.data.map == {"urgency": {"a": "low"}}
    assert load(["experiment=mine", "seed=4"], folder).seed == 4
    assert len(load(["task=emotion"], folder).tasks["emotion"].labels) == 2
    # Groups that the folder does not have are still ours, and the next composition knows nothing of it.
    assert load(["task=intent"], folder).data.name == "sample"
    assert len(load(["task=emotion"]).tasks["emotion"].labels) == 8
    assert "mine" not in refused("experiment=mine")[0].partition("got")[0]


def test_chinese_keys_on_the_command_line(table, user):
    folder = user("data/own.yaml", f'train: "{table}"\nlabels: {{意图: 列}}\nmap: {{意图: {{a: 咨询, b: 表扬}}}}\n')
    base = [
        quote(text) for text in ("task=own", "data=own", "data.labels.意图=label", "data.map.意图={b: 投诉, 好: 表扬}")
    ]
    data = load(base, folder).data
    assert data.labels == {"意图": "label"}
    assert data.map == {"意图": {"a": "咨询", "b": "投诉", "好": "表扬"}}
    (problem,) = refused(*base, quote("data.kinds.情绪=multi"), config_dir=folder)
    assert problem.startswith("data.kinds: expected a task with a label column, got '情绪'")


def test_chinese_task_ids_and_label_words_from_yaml(user, table):
    folder = user("data/own.yaml", f'train: "{table}"\nlabels: {{意图: label}}\nmap: {{意图: {{a: 咨询, 1: 投诉}}}}\n')
    config = load(["task=own", "data=own"], folder)
    assert config.data.labels == {"意图": "label"}
    assert config.data.map == {"意图": {"a": "咨询", "1": "投诉"}}


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("name: [a\n", 'x.yaml", line 1'),
        ("name: a\nname: b\n", "found duplicate key name"),
        ("name: 数据\n".encode("gb18030"), "UTF-8"),
        ("3\n", "Invalid loaded object type: int"),
        ("- a\n", "In 'data/x'"),
        ("defaults: [nope]\n", "Could not load 'data/nope'"),
        ("labels: {sentiment: no}\n", "data.labels.sentiment: expected a text, got False"),
        ("map: {sentiment: {yes: positive}}\n", "data.map.sentiment: expected a text as key, got True"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_users_file_that_cannot_be_used(user, content, part):
    folder = user("data/x.yaml", content)
    assert any(part in problem for problem in refused("data=x", config_dir=folder))


@pytest.mark.parametrize(
    ("name", "content", "header"),
    [
        ("task/urgency.yaml", URGENCY.partition("\n")[2], "# @package tasks.<id>"),
        ("experiment/mine.yaml", "seed: 3\n", "# @package _global_"),
    ],
)
def test_a_yaml_that_forgot_its_package(user, name, content, header):
    folder, (group, file) = user(name, content), name.split("/")
    found = refused(f"{group}={file.removesuffix('.yaml')}", config_dir=folder)
    assert any(f"expected the first line {header}" in text for text in found)


def test_an_experiments_interpolation_reads_the_users_environment(user, monkeypatch, table):
    monkeypatch.setenv("XINYI_TEST_TRAIN", table)
    folder = user("data/env.yaml", "train: ${oc.env:XINYI_TEST_TRAIN}\nlabels: {a: label}\n")
    assert load(["task=own", "data=env"], folder).data.train == table


def test_a_run_folders_configuration_is_accepted_again():
    config = load(["task=emotion", "trainer=smoke", "optim=adamw_base"])
    assert typed(asdict(config)) == config
