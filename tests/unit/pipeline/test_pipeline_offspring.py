"""Trainings of a study or a search: stopped with their parent, and given the time to save."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from xinyi.commands.going_on import going_on
from xinyi.errors import Interrupted, TrainingError
from xinyi.pipeline import offspring as module
from xinyi.pipeline.offspring import Offspring, looked_after, stop
from xinyi.pipeline.search_space import parse_space
from xinyi.pipeline.study import Study, run
from xinyi.pipeline.tune import Tuning, tune

# A training that says who it is and, asked to stop, takes its time to save; asked again, it does not.
SCRIPT = """#!/bin/sh
cd {folder}
trap 'trap "exit 1" TERM; for i in 1 2 3 4 5; do sleep 0.1; done; touch saved.$$; exit 130' TERM
touch began.$$
for i in $(seq 600); do sleep 0.1; done
"""
DEAF = "#!/bin/sh\ncd {folder}\ntrap '' TERM\ntouch began.$$\nfor i in $(seq 600); do sleep 0.1; done\n"
CHILD = """
import pathlib, signal, sys, time
from xinyi.pipeline.offspring import follow_parent
def saved(*_):
    pathlib.Path({mark!r}).touch()
    sys.exit(130)
signal.signal(signal.SIGTERM, saved)
follow_parent()
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def trainings(tmp_path, monkeypatch) -> Callable[[str], Path]:
    """Puts a script in the place of `xinyi train`; gives the folder in which it says what became of it."""

    def put(script: str) -> Path:
        folder = tmp_path / "said"
        folder.mkdir()
        (tmp_path / "python").write_text(script.format(folder=folder), encoding="utf-8")
        (tmp_path / "python").chmod(0o755)
        monkeypatch.setattr(module.sys, "executable", str(tmp_path / "python"))
        return folder

    return put


def said(folder: Path, word: str) -> list[int]:
    return sorted(int(path.suffix[1:]) for path in folder.glob(f"{word}.*"))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(wish: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not wish() and time.monotonic() < end:
        time.sleep(0.02)
    return wish()


def struck(folder: Path, count: int, children: bool = False) -> threading.Thread:
    """Sends SIGTERM to this process once so many trainings are there; with `children` to them first."""

    def strike() -> None:
        assert until(lambda: len(said(folder, "began")) == count)
        for pid in said(folder, "began") if children else []:
            os.kill(pid, signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=strike)
    thread.start()
    return thread


def study_in(folder: Path) -> None:
    run(Study("recipe", ("plain", "fgm"), (7, 8, 9), folder, parallel=2, overrides=("task=sentiment", "tracking=none")))


def search_in(folder: Path) -> None:
    tune(Tuning(tuple(parse_space(["space.recipe=[plain,ema]"])), 3, folder, ("task=sentiment", "tracking=none")))


@pytest.mark.parametrize(("work", "count"), [(study_in, 2), (search_in, 1)], ids=["study", "tune"])
@pytest.mark.parametrize("everybody", [False, True], ids=["parent", "group"])
def test_sigterm_stops_all_trainings_and_starts_none(trainings, tmp_path, monkeypatch, work, count, everybody):
    monkeypatch.setattr(module, "OWN_END", 5.0 if everybody else 0.1)
    folder, before = trainings(SCRIPT), signal.getsignal(signal.SIGTERM)
    thread = struck(folder, count, everybody)
    with pytest.raises(KeyboardInterrupt):
        work(tmp_path / "runs")
    thread.join()
    assert len(said(folder, "began")) == count
    assert said(folder, "saved") == said(folder, "began")
    assert not any(alive(pid) for pid in said(folder, "began"))
    assert signal.getsignal(signal.SIGTERM) == before


def test_one_that_does_not_end_is_killed(trainings, monkeypatch):
    monkeypatch.setattr(module, "GRACE", 0.3)
    folder = trainings(DEAF)
    process = Offspring().start([], os.environ, subprocess.DEVNULL, subprocess.DEVNULL)
    assert until(lambda: len(said(folder, "began")) == 1)
    stop(process)
    assert process.returncode == -signal.SIGKILL


def test_nothing_starts_after_the_end(trainings):
    folder = trainings(SCRIPT)
    with looked_after() as offspring:
        pass
    with pytest.raises(TrainingError, match="before this training began"):
        offspring.start([], os.environ, subprocess.DEVNULL, subprocess.DEVNULL)
    assert said(folder, "began") == []


def test_a_training_ends_with_its_parent(tmp_path):
    mark = tmp_path / "saved"
    child = CHILD.format(mark=str(mark))
    parent = (
        "import os, subprocess, sys\n"
        f"p = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE,"
        f" env={{**os.environ, {module.PARENT!r}: str(os.getpid())}})\n"
        "assert p.stdout.readline() == b'ready\\n'\n"
        "print(p.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", parent], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert until(mark.is_file)
    assert until(lambda: not alive(int(done.stdout)) or _zombie(int(done.stdout)))


def _zombie(pid: int) -> bool:
    """Ended, and nobody has asked for its exit code: the first process of some containers does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_the_command_that_goes_on_names_the_folder():
    given = ["recipe=[plain,fgm]", "seeds=3", "output=old"]
    with pytest.raises(Interrupted) as stopped, going_on("study", given, Path("runs/mine")):
        raise KeyboardInterrupt
    remedy = "go on with: xinyi study 'recipe=[plain,fgm]' seeds=3 output=runs/mine"
    assert remedy in str(stopped.value)
    with pytest.raises(TrainingError, match="no space left") as failed, going_on("study", given, Path("runs/mine")):
        raise TrainingError("no space left")
    assert remedy in str(failed.value)
