"""Sharded training on two processes over gloo: the weights that trainer=ddp gives, whole checkpoints, resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from pipeline_world import overrides, tiny_config, write_slice

from xinyi.config.compose import load
from xinyi.errors import ConfigError
from xinyi.pipeline.resume import resume
from xinyi.pipeline.train import train
from xinyi.runtime import verify
from xinyi.training.checkpoint_io import load_checkpoint

pytestmark = pytest.mark.integration
BOTH = (
    "trainer.accelerator=cpu", "trainer.devices=2", "trainer.threads=1", "trainer.precision=32", "trainer.patience=0",
    "backbone.dropout=0", "task=[sentiment,emotion]", "evaluation.suites=[]", "checks=none", "tracking=none",
    "gate=none",
)  # fmt: skip


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("fsdp")
    write_slice(folder / "data")
    return folder


def weights(root: Path) -> dict[str, torch.Tensor]:
    """The weights that training ended with."""
    return load_checkpoint(root / "checkpoints" / "last.ckpt")["state_dict"]


def test_shards_learn_what_whole_weights_learn(work):
    """In exact arithmetic they are equal. Plain momentum: Adam would divide noise by noise where a gradient is zero."""
    plain = ("optim=adamw", "optim._target_=torch.optim.SGD", "optim.lr=0.05", "trainer.epochs=2")
    for name in ("ddp", "fsdp"):
        formats = "export.formats=[onnx]" if name == "fsdp" else "export=none"
        train(tiny_config(work, f"trainer={name}", *BOTH, *plain, formats), work / name)
    one, other = weights(work / "ddp"), weights(work / "fsdp")
    assert one.keys() == other.keys()
    for name, weight in one.items():
        torch.testing.assert_close(weight, other[name], rtol=0, atol=1e-5, msg=name)
    losses = [
        [
            json.loads(line)["val/loss"]
            for line in (work / name / "epochs.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        for name in ("ddp", "fsdp")
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    assert losses[0][1] < losses[0][0] - 0.01  # something was learnt
    verify(work / "fsdp" / "bundle")
    reports = [json.loads((work / n / "report" / "report.json").read_text(encoding="utf-8")) for n in ("ddp", "fsdp")]
    assert reports[0]["run"]["parameters"] == reports[1]["run"]["parameters"]


@pytest.mark.slow
def test_stopped_and_resumed_it_ends_with_the_weights_of_a_straight_run(work):
    options = ("trainer=fsdp", *BOTH, "optim=adamw", "trainer.epochs=20", "export=none", "backbone.dropout=0.1")
    train(tiny_config(work, *options), work / "straight")
    root = work / "stopped"
    command = [sys.executable, "-m", "xinyi.cli", "train", *overrides(work, *options, f"hydra.run.dir={root}")]
    process = subprocess.Popen(
        command, cwd=work, start_new_session=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    until = time.monotonic() + 200
    while not (root / "checkpoints" / "last.ckpt").is_file():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    stopped = load_checkpoint(root / "checkpoints" / "last.ckpt")["global_step"]
    resume(root)
    expected = load_checkpoint(work / "straight" / "checkpoints" / "last.ckpt")
    found = load_checkpoint(root / "checkpoints" / "last.ckpt")
    assert 0 < stopped < expected["global_step"] == found["global_step"]
    assert all(torch.equal(found["state_dict"][name], weight) for name, weight in expected["state_dict"].items())


def test_what_needs_whole_weights_is_refused(work):
    options = ["recipe=[ema,fgm,rdrop,lora,uncertainty]", "optim=muon"]
    with pytest.raises(ConfigError) as caught:
        load(overrides(work, "trainer=fsdp", *BOTH, *options))
    named = {problem.split(":")[0] for problem in caught.value.problems}
    assert named == {*(f"recipe.{key}" for key in ("ema", "fgm", "rdrop", "lora_rank", "uncertainty")), "optim"}
