"""Data-parallel training on two processes over gloo: as a user starts it, against one process, stopped and resumed."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from pipeline_world import overrides, tiny_config, write_slice
from safetensors.torch import load_file
from tiny_training import tiny_run

from xinyi.cli import main as xinyi
from xinyi.data.batches import TokenBudgetBatches
from xinyi.errors import ConfigError
from xinyi.pipeline import stages
from xinyi.pipeline.train import train
from xinyi.training import loader
from xinyi.training.checkpoint_io import load_checkpoint
from xinyi.training.fit import fit
from xinyi.training.loader import collate
from xinyi.training.processes import Group, joined

pytestmark = pytest.mark.integration

FOLLOWER = str(Path(__file__).parents[1] / "ddp_follower.py")
DDP = (
    "trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2", "trainer.threads=1", "trainer.precision=32",
    "trainer.epochs=30", "trainer.patience=0", "export=none", "gate=none",
)  # fmt: skip


def processes_of(word: str) -> list[str]:
    """Command lines of the processes that have this word in them; zombies have none, and count as one."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().decode(errors="replace")
            parent = int((path / "stat").read_text(errors="replace").rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if word in command or (not command and parent == os.getpid()):
            found.append(command)
    return found


@dataclass
class Straight:
    """A data-parallel run that nothing stopped, with the notes of both processes."""

    work: Path
    root: Path
    rows: list[list[list[int]]]  # of each process: the rows of each batch
    weights: dict[str, torch.Tensor]  # of the second process
    written: list[str]  # by the second process


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> Straight:
    torch.set_num_threads(1)
    work = tmp_path_factory.mktemp("ddp")
    write_slice(work / "data")
    root, notes, rows = work / "run", work / "notes.json", []
    original = loader.collate

    def note(split, rows_B, pad_id):
        rows.append(rows_B.tolist())
        return original(split, rows_B, pad_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "collate", note)
        command = [sys.executable, FOLLOWER, str(root), str(notes)]
        patch.setattr(stages, "group", lambda *_: Group(command, 2))
        train(tiny_config(work, *DDP, "tracking=none"), root)
    own = json.loads(notes.read_text(encoding="utf-8"))
    return Straight(work, root, [rows, own["rows"]], load_file(notes.with_suffix(".weights")), own["written"])


def training_batches(rows: list[list[int]], length: int, validation: int) -> list[list[list[int]]]:
    """Each epoch's training batches: an epoch is `length` of them, then the validation's."""
    steps = range(0, 30 * (length + validation), length + validation)
    return [rows[start : start + length] for start in steps]


def test_each_row_is_seen_once_an_epoch_over_both_processes(straight):
    total = json.loads((straight.root / "data.json").read_text(encoding="utf-8"))["splits"]["train"]["rows"]
    steps = json.loads((straight.root / "report" / "report.json").read_text(encoding="utf-8"))["run"]["steps"] // 30
    each = [training_batches(rows, steps, 1) for rows in straight.rows]
    epochs = [sorted(itertools.chain(*one, *other)) for one, other in zip(*each, strict=True)]
    assert epochs == [list(range(total))] * 30
    assert each[0][0] != each[0][1]


def test_both_processes_end_with_the_same_weights(straight):
    last = load_checkpoint(straight.root / "checkpoints" / "last.ckpt")["state_dict"]
    assert last.keys() == straight.weights.keys()
    assert all(torch.equal(weight, straight.weights[name]) for name, weight in last.items())


def test_the_second_process_writes_nothing(straight):
    assert [path for path in straight.written if str(straight.work) in os.path.abspath(path)] == []
    assert not list(straight.root.rglob("*.part"))
    assert {path.name for path in (straight.root / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}


def test_it_computes_what_one_process_does_with_both_batches(tmp_path, monkeypatch):
    """Against a loop over the same rows, both batches of a step in one; some rows lack some task's label.

    In exact arithmetic they are equal. In fp32 the sums are added up in another order: with plain momentum the
    weights stay within 1e-5 of each other over 2 epochs. Adam would divide noise by noise where a gradient is zero.
    """
    settings = {"optimizer": "SGD", "epochs": 2, "dropout": 0.0, "strategy": "ddp", "devices": 2}
    monkeypatch.setenv("TINY_RUN", json.dumps(settings))
    run, other = (tiny_run(**settings, world=2) for _ in range(2))
    with joined(Group([sys.executable, FOLLOWER, "fit", str(tmp_path / "notes.json")], 2)):
        fit(run.module, run.train, run.validation, tmp_path, run.settings)
    lengths = other.train.split.encoded.lengths
    shares = [TokenBudgetBatches(lengths, 64, 8, 3, True, rank, 2) for rank in range(2)]
    optimizer, factor = other.module.make_optimizer(other.module.model)
    base = [group["lr"] for group in optimizer.param_groups]
    pairs = [pair for epoch in range(2) for pair in zip(*(share.epoch(epoch) for share in shares), strict=True)]
    for step, pair in enumerate(pairs):
        optimizer.zero_grad()
        batch = collate(other.train.split, np.concatenate(pair), 0)
        loss, _ = other.module.objective(other.module.model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(other.module.parameters(), 1.0)
        for group, rate in zip(optimizer.param_groups, base, strict=True):
            group["lr"] = rate * factor(step)
        optimizer.step()
    start = tiny_run(**settings).module.state_dict()
    follower = load_file(tmp_path / "notes.weights")
    for name, weight in run.module.state_dict().items():
        assert torch.equal(weight, follower[name]), name
        torch.testing.assert_close(weight, other.module.state_dict()[name], rtol=0, atol=1e-5, msg=name)
    moved = max(float((weight - start[name]).abs().max()) for name, weight in run.module.state_dict().items())
    assert moved > 1e-3


def test_a_user_starts_it_stops_it_and_resumes_it(straight, tmp_path):
    """Ctrl-C reaches both processes at different steps; resumed, it ends with the very weights of the straight run."""
    write_slice(tmp_path / "data")
    root = tmp_path / "run"
    given = overrides(tmp_path, *DDP, "tracking=none", f"hydra.run.dir={root}")
    process = subprocess.Popen(
        [sys.executable, "-m", "xinyi.cli", "train", *given], cwd=tmp_path, start_new_session=True,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    last = root / "checkpoints" / "last.ckpt"
    until = time.monotonic() + 120
    while not last.is_file():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until
        time.sleep(0.01)
    assert len([line for line in processes_of(str(root)) if "worker" in line]) == 1
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert said.count("stopped by SIGINT") == 1
    assert f"xinyi resume {root}" in said
    assert "Traceback" not in said
    assert said.count("RANDOM") == 1  # the second process keeps quiet
    assert processes_of(str(root)) == []
    stopped = load_checkpoint(last)["global_step"]
    assert xinyi(["resume", str(root)]) == 0
    assert processes_of(str(root)) == []
    expected, found = (load_checkpoint(path) for path in (straight.root / "checkpoints" / "last.ckpt", last))
    assert 0 < stopped < expected["global_step"] == found["global_step"]
    assert all(torch.equal(found["state_dict"][name], weight) for name, weight in expected["state_dict"].items())
    reports = [json.loads((r / "report" / "report.json").read_text(encoding="utf-8")) for r in (straight.root, root)]
    assert reports[0]["tasks"] == reports[1]["tasks"]
    assert {path.name for path in tmp_path.iterdir()} == {"data", "run", "runs"}  # runs/.tokens


def test_a_launcher_that_is_not_known_is_refused(tmp_path, monkeypatch):
    write_slice(tmp_path / "data")
    monkeypatch.setenv("LOCAL_RANK", "0")
    with pytest.raises(ConfigError, match="start xinyi train without it, or by torchrun or srun"):
        train(tiny_config(tmp_path, *DDP, "tracking=none"), tmp_path / "run")
