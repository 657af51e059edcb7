"""Recipes that do more than change the loss, walked through a whole run."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from pipeline_world import tiny_config, write_slice, write_unlabelled

from xinyi.config import builders
from xinyi.data import load as load_data
from xinyi.errors import ConfigError, Interrupted
from xinyi.pipeline import stages
from xinyi.pipeline.adapt import pretrain_config
from xinyi.pipeline.folder import RunFolder
from xinyi.pipeline.replay import replay
from xinyi.pipeline.resume import resume
from xinyi.pipeline.self_training import FILE, FIRST, grown
from xinyi.pipeline.train import scarce, train
from xinyi.runtime import load, verify
from xinyi.training.checkpoint_io import load_checkpoint

pytestmark = pytest.mark.integration
QUICK = ("tracking=none", "gate=none", "checks=none", "evaluation.suites=[]", "trainer.precision=32")


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("recipes")
    write_slice(folder / "data")
    write_unlabelled(folder, *["我的手机号是13900139002，快回电"] * 2)
    return folder


def run(work: Path, name: str, *more: str) -> tuple[Path, dict]:
    """Train; the run folder and the `recipe` facts of its report."""
    root = work / name
    outcome = train(tiny_config(work, *QUICK, *more), root)
    return root, outcome.report["run"].get("recipe", {})


@pytest.fixture(scope="module")
def teacher(work) -> Path:
    """A run with adapters, a learnt pooling, standardised heads and a bundle."""
    pytest.importorskip("peft")
    root, facts = run(
        work, "teacher", "recipe=lora", "recipe.lora_rank=4", "backbone.pooling=attention", "backbone.standardise=true",
        "task=[sentiment,emotion]",
    )  # fmt: skip
    report = json.loads((root / "report" / "report.json").read_text(encoding="utf-8"))
    assert 0 < facts["lora"]["trained_parameters"] < report["run"]["parameters"]
    return root


def test_adapters_are_served_as_part_of_the_weights(work, teacher):
    state = load_checkpoint(teacher / "checkpoints" / "best.ckpt")["state_dict"]
    assert any(".lora_B." in name and tensor.abs().max() > 0 for name, tensor in state.items())
    assert not any(".base_layer." in name for name in state)
    verify(teacher / "bundle")
    stored = pq.read_table(teacher / "predictions" / "test.parquet")
    served = load(teacher / "bundle").logits(stored["text"].to_pylist(), stored["context"].to_pylist())
    for task in ("sentiment", "emotion"):
        np.testing.assert_allclose(served[task], np.array(stored[f"logits.{task}"].to_pylist()), atol=1e-4)


def test_a_student_learns_from_a_bundle(work, teacher):
    options = ("recipe=distill", f"recipe.teacher={teacher}", "export=none")
    root, facts = run(work, "student", *options, "task=[sentiment,emotion]", "recipe.distill=1.0", "trainer.epochs=1")
    assert set(facts["teacher"]) == {"name", "version"}
    with np.load(root / "teacher.npz", allow_pickle=False) as file:
        assert len(file["logits/emotion"]) == len(file["logits/sentiment"]) == 120
    with pytest.raises(ConfigError, match="a teacher with the task intent"):
        run(work, "stranger", *options, "task=[intent]")
    with pytest.raises(ConfigError, match="in this order"):
        run(work, "other_labels", *options, "task=[sentiment]", f"tasks.sentiment.labels=[{reversed_labels()}]")


def reversed_labels() -> str:
    from xinyi.config.compose import plain

    labels = plain(["task=sentiment"])["tasks"]["sentiment"]["labels"]
    return ",".join(f"{{id: {label['id']}}}" for label in labels[::-1])


def test_a_soup_takes_the_place_of_the_best_checkpoint(work):
    root, facts = run(
        work, "soup", "recipe=soup", "recipe.soup=3", "export=none", "task=[intent]", "trainer.patience=0"
    )
    soup = facts["soup"]
    assert soup["checkpoints"] == 3
    assert soup["validation"] >= soup["best_alone"]
    assert len(soup["steps"]) == soup["kept"] >= 1
    assert {path.name for path in (root / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}
    parts = resume(root)
    assert parts.report["run"]["recipe"] == facts


def test_unlabelled_rows_are_learnt_from_also_after_a_stop(work, monkeypatch):
    options = (
        "recipe=self_training", f"recipe.unlabelled=[{work / 'more.jsonl'}]", "recipe.confidence=0.05", "export=none",
        "task=[sentiment,emotion]", "trainer.epochs=2",
    )  # fmt: skip
    root, facts = run(work, "self", *options)
    own = facts["self_training"]
    assert (own["rows"], own["weight"], own["confidence"]) == (82, 0.5, 0.05)
    assert own["known"] >= 1  # the planted row stands there twice
    assert own["used"] == 82 - own["known"]  # nothing is less sure than that
    assert sum(own["labels"]["sentiment"].values()) == own["used"]
    table = pq.read_table(root / FILE)
    assert len(table) == own["used"]
    assert not any("13900139002" in text for text in table["text"].to_pylist())
    assert any("[手机号]" in text for text in table["text"].to_pylist())
    assert (root / FIRST / "checkpoints" / "best.ckpt").is_file()
    # A further process of the training reads the data anew, without the marks of the first one's checks.
    config = tiny_config(work, *QUICK, *options)
    read = load_data(builders.data_settings(config), builders.task_specs(config))
    both, _ = grown(config, RunFolder(root), read)
    assert len(both.splits["train"]) == 120 + own["used"]

    calls = []
    original = stages.fit_parts

    def stopped(config, folder, parts, loggers=(), part=""):
        calls.append((part, len(parts.splits["train"])))
        if len(calls) == 2:
            raise Interrupted("here")
        return original(config, folder, parts, loggers, part)

    monkeypatch.setattr(stages, "fit_parts", stopped)
    with pytest.raises(Interrupted):
        run(work, "self_stopped", *options)
    outcome = resume(work / "self_stopped")
    assert calls == [(FIRST, 120), ("", 120 + own["used"]), ("", 120 + own["used"])]
    assert outcome.report["run"]["recipe"] == facts
    one, other = (
        load_checkpoint(work / name / "checkpoints" / "best.ckpt")["state_dict"] for name in ("self", "self_stopped")
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_backbone_reads_unlabelled_text_first(work):
    options = (
        "recipe=adapt", f"recipe.adapt=[{work / 'more.jsonl'}]", "recipe.adapt_minutes=0.05", "export=none",
        "task=[sentiment]", "trainer.epochs=1", "trainer.max_steps=1", "backbone=embedded",
    )  # fmt: skip
    root, facts = run(work, "adapted", *options)
    assert facts["adapt"]["tokens"] > 0
    report = json.loads((root / "report" / "report.json").read_text(encoding="utf-8"))
    assert report["run"]["backbone"] == "embedded, adapted"
    assert (root / "adapt" / "model" / "model.safetensors").is_file()


def test_a_budget_of_tokens_is_repeated_bit_for_bit(work):
    options = (
        "recipe=adapt", f"recipe.adapt=[{work / 'more.jsonl'}]", "recipe.adapt_tokens=8192", "export=none",
        "task=[sentiment]", "trainer.epochs=1", "trainer.max_steps=1", "backbone=embedded",
    )  # fmt: skip
    root, facts = run(work, "counted", *options)
    assert (facts["adapt"]["minutes"], set(facts["adapt"]["files"])) == (None, {"more"})
    again = replay(root, work / "counted_again")
    assert (again["same"], again["weights"]["same"], again["reasons"]) == (True, True, [])


def test_files_of_adapt_are_asked_for_in_its_own_words(work):
    config = tiny_config(work, "recipe=adapt", "recipe.adapt=[none.txt]", "backbone=embedded")
    with pytest.raises(ConfigError, match=r"recipe\.adapt: none\.txt"):
        pretrain_config(config)


def test_scarce_labels_name_the_recipe_for_them(work):
    config = tiny_config(work)
    assert list(scarce(config, {"intent": {"a": 20, "b": 300}})) == []
    (line,) = scarce(config, {"intent": {"a": 19, "b": 300, "c": 0}})
    assert "recipe=few_shot" in line
    assert "2 of 3 (a 19, c 0)" in line
    assert list(scarce(tiny_config(work, "recipe=few_shot"), {"intent": {"a": 1}})) == []


def test_few_shot_trains(work, caplog):
    with caplog.at_level(logging.WARNING, logger="xinyi"):
        root, _ = run(work, "few", "recipe=few_shot", "export=none", "task=[intent]", "trainer.epochs=2")
    assert (root / "report" / "report.json").is_file()
    assert not any("recipe=few_shot" in record.message for record in caplog.records)
