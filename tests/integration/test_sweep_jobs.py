"""A sweep whose runs submitit starts, as on a cluster: here its jobs are processes of this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline_world import overrides, write_slice

pytestmark = [pytest.mark.integration, pytest.mark.slow]
QUICK = ("trainer.epochs=1", "tracking=none", "checks=none", "evaluation.suites=[]", "export=none")


@pytest.fixture
def sweep(tmp_path) -> Path:
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    write_slice(tmp_path / "data")
    return tmp_path / "sweep"


def start(sweep: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Two runs, one for each seed."""
    given = overrides(sweep.parent, *QUICK, "seed=1,2", f"hydra.sweep.dir={sweep}", *more)
    command = [sys.executable, "-m", "xinyi.cli", "train", "-m", "hydra/launcher=submitit_local", *given]
    return subprocess.run(command, cwd=sweep.parent, capture_output=True, text=True, timeout=280)


def test_two_jobs_train_and_leave_pickles_in_the_launchers_folder_alone(sweep):
    done = start(sweep, "gate=none")
    assert done.returncode == 0, done.stderr
    weights = [
        json.loads((sweep / run / "report" / "report.json").read_text(encoding="utf-8"))["run"]["weights_sha256"]
        for run in ("0", "1")
    ]
    assert weights[0] != weights[1]
    pickles = {path.relative_to(sweep).parts[0] for path in sweep.rglob("*.pkl")}
    assert pickles == {".submitit"}


def test_a_verdict_ends_the_sweep_with_an_error(sweep):
    done = start(sweep, "gate.enforce=true")  # a model this small passes no gate
    assert done.returncode in (1, 3)
    assert "look at its own lines, above or in the sweep's .submitit/" in done.stderr
