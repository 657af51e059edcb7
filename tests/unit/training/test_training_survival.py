"""When a run is saved besides its epochs' ends, and how often several processes ask each other."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytorch_lightning as pl
import torch
from tiny_training import tiny_run

from xinyi.training import fit as fitting
from xinyi.training import survival as survivals
from xinyi.training.fit import fit
from xinyi.training.survival import Survival


@pytest.mark.parametrize(
    ("seconds", "before"), [(0.0, {"first"}), (0.3, {"first", "second", "third"})], ids=["short", "long"]
)
def test_it_saves_before_a_validation_that_may_be_long(tmp_path, monkeypatch, seconds, before):
    """The first may be; of the others the one before tells."""
    names, saved = ("first", "second", "third"), set()
    original = pl.Trainer.save_checkpoint

    def watch(self, path, *args, **more):
        if Path(path).name == "last.ckpt" and self.global_step % len(run.train) == len(run.train) - 1:
            saved.add(names[self.current_epoch])
        original(self, path, *args, **more)

    class Slow(pl.Callback):
        def on_train_batch_start(self, *_):
            time.sleep(0.05)

        def on_validation_batch_start(self, *_):
            time.sleep(seconds)

    monkeypatch.setattr(pl.Trainer, "save_checkpoint", watch)
    monkeypatch.setattr(fitting, "Survival", lambda path, run: Survival(path, run, grace=0.15))
    made = fitting.build_trainer
    monkeypatch.setattr(fitting, "build_trainer", lambda s, given, loggers=(): made(s, [Slow(), *given], loggers))
    run = tiny_run(epochs=3)
    fit(run.module, run.train, run.validation, tmp_path, run.settings)
    assert saved == before


@pytest.mark.parametrize(("world", "device", "every"), [(1, "cuda", 1), (2, "cpu", 1), (2, "cuda", 10)])
def test_several_gpus_ask_each_other_now_and_then(monkeypatch, tmp_path, world, device, every):
    asked = []
    monkeypatch.setattr(survivals, "_most", lambda trainer, wish: asked.append(trainer.global_step) or 0)
    survival, trainer = Survival(tmp_path / "last.ckpt", tmp_path), SimpleNamespace(
        world_size=world, strategy=SimpleNamespace(root_device=torch.device(device)), callbacks=[],
        num_training_batches=100, accumulate_grad_batches=1, should_stop=False,
    )  # fmt: skip
    for batch in range(100):
        trainer.global_step = batch + 1
        survival.on_train_batch_end(trainer, None, None, None, batch)
    assert asked == sorted({*range(every, 100, every), 99})  # before the last step always
