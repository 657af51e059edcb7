"""A loss or gradient of the second process that is not finite: said once, by the first, with the right rows."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from pipeline_world import tiny_config, write_slice
from tiny_training import spoil

from xinyi.config import builders
from xinyi.data import load
from xinyi.pipeline import stages
from xinyi.pipeline.parts import assemble
from xinyi.pipeline.train import train
from xinyi.training.finite import NotFinite
from xinyi.training.processes import Group

pytestmark = pytest.mark.integration
FOLLOWER = str(Path(__file__).parents[1] / "ddp_follower.py")
DDP = (
    "trainer.accelerator=cpu", "trainer.devices=2", "trainer.threads=1", "trainer.precision=32", "trainer.patience=0",
    "trainer.accumulate=2", "export=none", "gate=none", "tracking=none", "checks=none", "optim=adamw",
)  # fmt: skip


def batches_of_the_second(config, dataset, monkeypatch) -> list[list[int]]:
    """Its batches of the first epoch."""
    with monkeypatch.context() as patch:
        patch.setenv("LOCAL_RANK", "1")
        loader = assemble(config, dataset).loader(config, "train")
    return [rows.tolist() for rows in loader.batches.epoch(0)]


@pytest.mark.parametrize(("strategy", "what"), [("ddp", "loss"), ("ddp", "gradient"), ("fsdp", "loss")])
def test_its_rows_are_named_by_the_first(tmp_path, monkeypatch, capfd, strategy, what):
    torch.set_num_threads(1)
    write_slice(tmp_path / "data")
    config = tiny_config(tmp_path, f"trainer={strategy}", *DDP)
    dataset, root = load(builders.data_settings(config), builders.task_specs(config)), tmp_path / "run"
    bad = batches_of_the_second(config, dataset, monkeypatch)[2]
    monkeypatch.setenv("SPOIL", f"{bad[0]},{what}")
    spoil(monkeypatch.setattr)
    command = [sys.executable, FOLLOWER, str(root), str(tmp_path / "notes.json")]
    monkeypatch.setattr(stages, "group", lambda *_: Group(command, 2))
    with pytest.raises(
        NotFinite, match=rf"expected a finite {what}.*got nan at step 1.*train\.jsonl row \d+"
    ) as caught:
        train(config, root)
    about = json.loads((root / "not_finite.json").read_text(encoding="utf-8"))
    ids = dataset.splits["train"]["id"].to_pylist()
    named = [row["id"] for row in about["rows"]]
    if what == "loss":  # that one batch of that one process
        assert named == [ids[row] for row in bad]
    else:  # nobody's loss: all batches of the step, of both processes
        assert {ids[row] for row in bad} < set(named)
        assert len(named) > 2 * len(bad)
    assert len(caught.value.rows) == len(named)
    assert "expected a finite" not in capfd.readouterr().err  # the second process keeps quiet
