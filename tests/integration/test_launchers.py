"""torchrun, and srun as far as its variables go: one run folder, the numbers of `xinyi train`, one exit code."""

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

from xinyi.pipeline.train import train
from xinyi.training.checkpoint_io import weights_sha256
from xinyi.training.crew import listen

pytestmark = pytest.mark.integration
DDP = (
    "trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2", "trainer.threads=1", "trainer.precision=32",
    "trainer.epochs=12", "trainer.patience=0", "evaluation.suites=[]", "checks=none", "export=none", "tracking=none",
    "gate.enforce=true",
)  # fmt: skip
XINYI = [sys.executable, "-m", "xinyi.cli"]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "xinyi.cli"]
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Path:
    """A run whose processes it started itself."""
    torch.set_num_threads(1)
    work = tmp_path_factory.mktemp("launch")
    write_slice(work / "data")
    outcome = train(tiny_config(work, *DDP), work / "plain")
    assert outcome.gate["exit_code"] in (1, 3)  # a model this small passes no gate
    return work / "plain"


def same(one: Path, other: Path) -> bool:
    """Whether two runs ended with the same weights, bit for bit, and the same report on the tasks."""
    last = [weights_sha256(root / "checkpoints" / "last.ckpt") for root in (one, other)]
    reports = [json.loads((root / "report" / "report.json").read_text(encoding="utf-8")) for root in (one, other)]
    return last[0] == last[1] and reports[0]["tasks"] == reports[1]["tasks"]


def by_srun(nodes: int, tasks: int, command: list[str], cwd: Path) -> list[tuple[int, str]]:
    """Start what srun would on so many machines; each task's exit code and what it said."""
    with listen("127.0.0.1", 0) as server:
        port = server.getsockname()[1]
    started = []
    for node in range(nodes):
        for local in range(tasks):
            own = {
                "SLURM_JOB_ID": "1", "SLURM_STEP_NUM_TASKS": nodes * tasks, "SLURM_STEP_NUM_NODES": nodes,
                "SLURM_STEP_TASKS_PER_NODE": f"{tasks}(x{nodes})", "SLURM_STEP_NODELIST": "127.0.0.1",
                "SLURM_NODEID": node, "SLURM_LOCALID": local, "SLURM_PROCID": node * tasks + local,
                "SLURM_NTASKS": nodes * tasks, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
            }  # fmt: skip
            environment = {**os.environ, **{name: str(value) for name, value in own.items()}}
            started.append(subprocess.Popen(command, cwd=cwd, env=environment, text=True, **PIPES))
    said = [process.communicate(timeout=240)[0] for process in started]
    return [(process.returncode, text) for process, text in zip(started, said, strict=True)]


def test_two_tasks_of_srun_end_as_one_run(plain, tmp_path):
    given = overrides(plain.parent, *DDP, "trainer.devices=1", "trainer.nodes=2", f"runs={tmp_path}")
    first, second = by_srun(2, 1, [*XINYI, "train", *given], tmp_path)
    (root,) = tmp_path.glob("2*")  # the second task made none
    assert same(plain, root)
    code = json.loads((root / "gate.json").read_text(encoding="utf-8"))["exit_code"]
    assert (first[0], second[0]) == (code, code), first[1] + second[1]
    assert str(root) in first[1]
    assert second[1] == ""


def test_what_is_wrong_is_said_once_and_ends_all_tasks_alike(plain, tmp_path):
    given = overrides(plain.parent, *DDP, "trainer.devices=4", f"runs={tmp_path}")
    first, second = by_srun(1, 2, [*XINYI, "train", *given], tmp_path)
    assert (first[0], second[0]) == (2, 2)
    assert "set trainer=ddp trainer.devices=2 trainer.nodes=1" in first[1]
    assert second[1] == ""
    assert not list(tmp_path.glob("2*"))


def test_a_sweep_is_not_started_by_a_launcher(plain, tmp_path):
    given = overrides(plain.parent, *DDP, "seed=1,2", f"runs={tmp_path}")
    (code, said), _ = by_srun(1, 2, [*XINYI, "train", "-m", *given], tmp_path)
    assert code == 2
    assert "one process for a sweep, got 2, started by srun" in said


@pytest.mark.slow
def test_torchrun_stopped_by_ctrl_c_and_resumed_ends_with_the_same_weights(plain, tmp_path):
    root = tmp_path / "run"
    given = overrides(plain.parent, *DDP, f"hydra.run.dir={root}")
    process = subprocess.Popen([*TORCHRUN, "train", *given], cwd=tmp_path, start_new_session=True, text=True, **PIPES)
    last, until = root / "checkpoints" / "last.ckpt", time.monotonic() + 200
    while not last.is_file():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert said.count("stopped by SIGINT") == 1
    assert f"xinyi resume {root}" in said
    done = subprocess.run([*TORCHRUN, "resume", str(root)], cwd=tmp_path, capture_output=True, text=True, timeout=240)
    code = json.loads((root / "gate.json").read_text(encoding="utf-8"))["exit_code"]
    assert done.returncode == 1  # torchrun's own, whatever its processes end with
    assert done.stderr.count(f"exitcode  : {code} ") == 2, done.stderr
    assert same(plain, root)
