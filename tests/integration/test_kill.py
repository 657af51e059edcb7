"""`xinyi train`, killed with SIGKILL all over the run and resumed each time, ends as if never killed.

Three kills at the moments that hurt most are part of every test run; twenty, six of them at any time, are a slow test.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from pipeline_world import overrides, write_slice
from warm_process import WarmProcess

from xinyi import cli
from xinyi.training.checkpoint_io import load_checkpoint

pytestmark = pytest.mark.integration

RUN = (
    "trainer.epochs=60", "trainer.patience=0", "gate=none", "export.formats=[safetensors,onnx]",
    "trainer.progress=false", "task=[sentiment,intent]", "checks=none", "backbone.dropout=0.2",
)  # fmt: skip
SHORT = (
    "trainer.epochs=3", "task=[sentiment]", "evaluation.suites=[]", "evaluation.resamples=100", "export.formats=[onnx]",
)  # fmt: skip
When = Callable[[Path], bool]


def command_line(work: Path, root: Path, *more: str) -> list[str]:
    """What starts a run, or goes on with it if its folder holds one. more: further overrides of a new run."""
    if (root / "config.yaml").is_file():
        return ["resume", str(root)]
    return ["train", *overrides(work, *RUN, *more), f"hydra.run.dir={root}"]


def begin(work: Path, root: Path) -> subprocess.Popen[bytes]:
    """Start a run, or go on with it, in a fresh process."""
    log = open(work / f"{root.name}.log", "ab")  # noqa: SIM115 - the process's own
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [sys.executable, "-m", "xinyi.cli", *command_line(work, root)]
    return subprocess.Popen(command, stdout=log, stderr=log, env=environment)


def ended(process: subprocess.Popen[bytes] | WarmProcess, work: Path, root: Path) -> None:
    """Wait for a good end."""
    assert process.wait(timeout=900) == 0, (work / f"{root.name}.log").read_text(encoding="utf-8")[-3000:]


@dataclass
class Kill:
    """Kill so many seconds after a moment has come, or without one after the process has begun."""

    when: When | None
    delay: float


def exists(pattern: str) -> When:
    return lambda root: any(root.glob(pattern))


def epochs(least: int) -> When:
    path = "epochs.jsonl"
    return lambda root: (root / path).is_file() and len((root / path).read_bytes().splitlines()) >= least


def plan(seed: int, seconds: float) -> list[Kill]:
    """Twenty moments in the order in which a run comes to them; six of them are any time at all."""
    rng = random.Random(seed)
    soon, later = (lambda: rng.uniform(0.0, 0.05)), (lambda: rng.uniform(0.0, 0.6))
    aimed = [
        Kill(exists("state.json"), soon()),  # MLflow begins the run
        Kill(exists("state.json"), later()),
        *(Kill(epochs(n), rng.uniform(0.0, 0.5)) for n in (1, 8, 20)),
        *(Kill(exists("checkpoints/.last.ckpt.*.part"), 0.0) for _ in range(3)),  # in mid-write
        Kill(exists("checkpoints/.best.ckpt.*.part"), 0.0),
        Kill(exists("predictions/*"), soon()),
        Kill(exists("predictions/test.parquet"), later()),
        Kill(exists("report/report.json"), soon()),
        Kill(exists(".bundle.*.part"), soon()),
        Kill(exists(".bundle.*.part"), later()),
    ]
    for _ in range(6):
        aimed.insert(rng.randrange(len(aimed)), Kill(None, rng.uniform(0.0, 0.9 * seconds)))
    return aimed


def strike(process: subprocess.Popen[bytes], kill: Kill, root: Path) -> bool:
    """Kill the process at the moment; False when it has ended before."""
    stale = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()} if root.exists() else {}

    def come() -> bool:
        # What a former kill left does not count: something has to be new.
        if kill.when is None or not kill.when(root):
            return kill.when is None
        return not stale or any(stale.get(p) != p.stat().st_mtime_ns for p in root.rglob("*") if p.is_file())

    while process.poll() is None:
        try:
            if come():
                break
        except OSError:
            continue  # a file went away while it was looked at
        time.sleep(0.0005)
    time.sleep(kill.delay)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def whole(root: Path) -> None:
    """Whatever lies there under its own name can be read to its end."""
    for path in root.rglob("*.json"):
        if ".part" not in str(path):
            json.loads(path.read_text(encoding="utf-8"))
    for path in root.glob("checkpoints/[!.]*.ckpt"):
        load_checkpoint(path)


def outcome(root: Path) -> dict[str, Any]:
    report = json.loads((root / "report" / "report.json").read_text(encoding="utf-8"))
    facts = {key: report["run"][key] for key in ("epochs", "steps", "best_validation", "weights_sha256")}
    epochs_file = (root / "epochs.jsonl").read_text(encoding="utf-8")
    return {**facts, "tasks": report["tasks"], "decoding": report["decoding"], "epochs.jsonl": epochs_file}


def mlflow(work: Path, query: str, *values: str) -> list[tuple]:
    with sqlite3.connect(work / "mlflow.db") as connection:
        return connection.execute(query, values).fetchall()


def history(work: Path, root: Path) -> list[tuple]:
    run = json.loads((root / "state.json").read_text(encoding="utf-8"))["mlflow_run"]
    return mlflow(
        work,
        "select key, step, value from metrics where run_uuid = ? and (key like 'train/%' or key like 'val/%') "
        "order by key, step, value",
        run,
    )


def assert_same(work: Path, straight: Path, root: Path, least: int = 50) -> None:
    """Bit for bit, and in MLflow too: each step once, and more than `least` points."""
    assert outcome(root) == outcome(straight)
    for name in ("last.ckpt", "best.ckpt"):
        expected, found = (load_checkpoint(run / "checkpoints" / name) for run in (straight, root))
        assert found["global_step"] == expected["global_step"]
        assert found["state_dict"].keys() == expected["state_dict"].keys()
        assert all(torch.equal(found["state_dict"][key], w) for key, w in expected["state_dict"].items())
    points = history(work, root)
    assert points == history(work, straight)
    assert len({point[:2] for point in points}) == len(points) > least
    assert cli.main(["verify", str(root / "bundle")]) == 0
    assert not [path for path in root.rglob("*") if ".part" in path.name or path.name == ".lock"]


@pytest.mark.timeout(900)
def test_three_kills_leave_no_trace(tmp_path, monkeypatch):
    """Before the id of MLflow's run is kept, before the second checkpoint takes the first one's place, and before the
    finished bundle gets its name."""
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    write_slice(tmp_path / "data")
    straight, root = tmp_path / "straight", tmp_path / "killed"

    def start(root: Path, fatal: tuple[str, int] | None = None) -> WarmProcess:
        return WarmProcess(command_line(tmp_path, root, *SHORT), tmp_path / f"{root.name}.log", fatal)

    ended(start(straight), tmp_path, straight)
    for fatal in (("state.json", 2), ("last.ckpt", 2), ("bundle", 1)):
        assert start(root, fatal).wait(timeout=250) == -signal.SIGKILL, fatal
        whole(root)
    assert len(mlflow(tmp_path, "select status from runs")) == 2
    assert not (root / "bundle").exists()
    ended(start(root), tmp_path, root)
    assert_same(tmp_path, straight, root, least=20)
    runs = mlflow(tmp_path, "select status from runs")
    assert runs == [("FINISHED",)] * 2


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_twenty_kills_leave_no_trace(tmp_path):
    write_slice(tmp_path / "data")
    straight = tmp_path / "straight"
    ended(begin(tmp_path, straight), tmp_path, straight)  # the first also makes the database and the token store
    started, again = time.monotonic(), tmp_path / "again"
    ended(begin(tmp_path, again), tmp_path, again)
    seconds = time.monotonic() - started
    assert_same(tmp_path, straight, again)

    roots, killed, kills = [tmp_path / "killed0"], 0, plan(20, seconds)
    while killed < 20 and len(roots) < 8:
        process = begin(tmp_path, roots[-1])
        if strike(process, kills[killed], roots[-1]):
            killed += 1
            whole(roots[-1])
        else:  # it was past that moment, and has come to its end; the moment comes again in the next run
            ended(process, tmp_path, roots[-1])
            assert_same(tmp_path, straight, roots[-1])
            roots.append(tmp_path / f"killed{len(roots)}")
    ended(begin(tmp_path, roots[-1]), tmp_path, roots[-1])
    assert killed == 20
    for root in roots:
        assert_same(tmp_path, straight, root)
    # One MLflow run for each folder, however often it was killed.
    runs = mlflow(tmp_path, "select run_uuid, status from runs")
    own = {json.loads((r / "state.json").read_text(encoding="utf-8"))["mlflow_run"] for r in (straight, again, *roots)}
    assert {run for run, _ in runs} == own
    assert {status for _, status in runs} == {"FINISHED"}
    assert len(runs) == 2 + len(roots)
