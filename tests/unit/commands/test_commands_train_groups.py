"""`xinyi train` with our own groups: what the walk gets of the command line and of a user's folder."""

from __future__ import annotations

from xinyi import cli


def train(tmp_path, *overrides):
    """The command; runs go to a temporary folder."""
    return cli.main(["train", f"runs={tmp_path}/runs", "tracking=none", *overrides])


def test_chinese_keys_reach_every_run_as_typed(walked, tmp_path):
    begun = walked({})
    own = ["task=own", "data.labels={意图: intent}", "data.order={}"]
    assert train(tmp_path, *own, "data.map.意图.other=其他") == 0
    assert train(tmp_path, *own, "-m", "data.map.意图={other: 甲},{other: 乙}") == 0
    # The sample corpus names columns of its own, which stay.
    assert all(config.data.labels["意图"] == "intent" for config, _, _ in begun)
    assert [config.data.map["意图"] for config, _, _ in begun] == [{"other": "其他"}, {"other": "甲"}, {"other": "乙"}]


def test_a_users_group_comes_before_ours(walked, tmp_path):
    own = tmp_path / "conf"
    for name in ("data", "experiment"):
        (own / name).mkdir(parents=True)
    sample = "name: mine\ntrain: train.jsonl\nroot: ${sample_dir:}\nlabels: {a: sentiment}\n"
    (own / "data" / "sample.yaml").write_text(sample, "utf-8")
    (own / "experiment" / "e.yaml").write_text("# @package _global_\nseed: 3\nname: of the experiment\n", "utf-8")
    begun = walked({})
    assert train(tmp_path, "--config-dir", str(own), "task=own", "experiment=e") == 0
    assert train(tmp_path, "-cd", str(own), "task=own", "-m", "seed=1,2") == 0
    assert train(tmp_path) == 0
    assert [config.data.name for config, _, _ in begun] == ["mine", "mine", "mine", "sample"]
    assert [(config.seed, config.name) for config, _, _ in begun[:2]] == [(3, "of the experiment"), (1, "mine")]
