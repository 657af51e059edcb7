"""Recipes that bring something along, trained by two processes: both end with the same weights, all files are there."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from pipeline_world import tiny_config, write_slice, write_unlabelled
from safetensors.torch import load_file

from xinyi.pipeline import stages
from xinyi.pipeline.train import train
from xinyi.runtime import verify
from xinyi.training.checkpoint_io import load_checkpoint
from xinyi.training.processes import Group

pytestmark = pytest.mark.integration
FOLLOWER = str(Path(__file__).parents[1] / "ddp_follower.py")
DDP = (
    "tracking=none", "gate=none", "checks=none", "evaluation.suites=[]", "task=[sentiment,emotion]", "trainer=ddp",
    "trainer.accelerator=cpu", "trainer.devices=2", "trainer.threads=1", "trainer.precision=32", "trainer.patience=0",
    "trainer.epochs=2",
)  # fmt: skip


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("ddp_recipes")
    write_slice(folder / "data")
    write_unlabelled(folder)
    return folder


def run(work: Path, name: str, *more: str) -> tuple[Path, dict]:
    """Train with two processes; the run folder and the `recipe` facts of its report."""
    root, notes = work / name, work / f"{name}.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "group", lambda *_: Group([sys.executable, FOLLOWER, str(root), str(notes)], 2))
        outcome = train(tiny_config(work, *DDP, *more), root)
    own = load_checkpoint(root / "checkpoints" / "last.ckpt")["state_dict"]
    other = load_file(notes.with_suffix(".weights"))
    assert own.keys() == other.keys()
    assert all(torch.equal(weight, other[name]) for name, weight in own.items())
    written = json.loads(notes.read_text(encoding="utf-8"))["written"]
    assert [path for path in written if str(root) in path] == []
    return root, outcome.report["run"].get("recipe", {})


@pytest.mark.slow
def test_both_trainings_of_self_training_have_two_processes(work):
    options = ("recipe=self_training", f"recipe.unlabelled=[{work / 'more.jsonl'}]", "recipe.confidence=0.05")
    root, facts = run(work, "self", *options, "export=none")
    used = facts["self_training"]["used"]
    assert used > 0
    lines = [(root / part / "epochs.jsonl").read_text(encoding="utf-8").splitlines() for part in ("first", "")]
    assert [len(own) for own in lines] == [2, 2]
    steps = [json.loads(own[-1])["step"] for own in lines]
    assert steps[1] > steps[0]  # the second has more rows


@pytest.mark.slow
def test_a_soup_is_stirred_once(work):
    root, facts = run(work, "soup", "recipe=soup", "recipe.soup=2", "trainer.epochs=3", "export=none")
    assert facts["soup"]["checkpoints"] == 2
    assert facts["soup"]["validation"] >= facts["soup"]["best_alone"]
    assert {path.name for path in (root / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}


@pytest.mark.slow
def test_adapters_and_a_learnt_pooling_and_what_they_teach(work):
    pytest.importorskip("peft")
    root, facts = run(work, "lora", "recipe=[lora,attention_pooling]", "recipe.lora_rank=4", "export.formats=[onnx]")
    assert facts["lora"]["trained_parameters"] > 0
    verify(root / "bundle")
    student, facts = run(work, "student", "recipe=distill", f"recipe.teacher={root}", "export=none")
    assert facts["teacher"]["name"] == "xinyi"
    assert (student / "teacher.npz").is_file()


@pytest.mark.slow
def test_the_backbone_is_adapted_once_for_both(work):
    options = ("recipe=adapt", f"recipe.adapt=[{work / 'more.jsonl'}]", "recipe.adapt_minutes=0.05", "export=none")
    root, facts = run(work, "adapt", *options, "backbone=embedded", "trainer.max_steps=2")
    assert facts["adapt"]["tokens"] > 0
    assert (root / "adapt" / "model" / "model.safetensors").is_file()


@pytest.mark.slow
def test_few_shot_trains_by_two_processes(work):
    root, _ = run(work, "few", "recipe=few_shot", "trainer.epochs=2", "export=none")
    assert len((root / "epochs.jsonl").read_text(encoding="utf-8").splitlines()) == 2
