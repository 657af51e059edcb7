"""Processes of data-parallel training: they find each other on this machine only, and none is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import distributed

from xinyi.errors import Interrupted, TrainingError
from xinyi.training import children, processes
from xinyi.training.children import Children
from xinyi.training.processes import Group, joined, rank

FOLLOW = """
import sys, torch
sys.path[:0] = {path!r}
from torch import distributed
from xinyi.training.processes import Group, joined
with joined(Group([], {processes}, {machines})):
    total = torch.tensor([float(distributed.get_rank() + 1)])
    distributed.all_reduce(total)
    {then}
"""


WAIT = "import time; time.sleep(600)"


def follower(then: str = "pass", number: int = 2, machines: int = 1) -> list[str]:
    """The command of a process that adds its rank + 1 to the sum, then does something."""
    source = str(Path(processes.__file__).parents[2])
    return [sys.executable, "-c", FOLLOW.format(path=[source], processes=number, machines=machines, then=then)]


def add() -> float:
    total = torch.tensor([float(distributed.get_rank() + 1)])
    distributed.all_reduce(total)
    return float(total)


def lead(group: Group, *acts: Callable[[], object] | BaseException) -> None:
    """Be the first of a group and do, or raise, these."""
    with joined(group):
        for act in acts:
            if isinstance(act, BaseException):
                raise act
            act()


def listening() -> set[tuple[str, int]]:
    """Address and port of every socket on which this process listens."""
    own = {os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in own:
                address, port = fields[1].split(":")
                found.add((address, int(port, 16)))
    return found


def running(marker: str) -> list[str]:
    """Processes, zombies included, whose parent is this one or whose command holds the marker."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()[1]
            command = (stat.parent / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if parent == str(os.getpid()) or (marker in command and stat.parent.name != str(os.getpid())):
            found.append(command or "(zombie)")
    return found


def test_the_rank_is_read_off_the_environment(monkeypatch):
    for name in ("LOCAL_RANK", "NODE_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert rank(4) == 0
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert rank(4) == 3
    monkeypatch.setenv("NODE_RANK", "2")
    assert rank(4) == 11


def test_three_processes_meet_on_this_machine_only_and_leave_nothing():
    before, environment = listening(), dict(os.environ)
    others = running("distributed.get_rank")
    with joined(Group(follower(number=3), 3)):
        assert add() == 6.0
        opened = listening() - before
        assert opened
        assert {address for address, _ in opened} == {"0100007F"}  # 127.0.0.1
        assert (os.environ["LOCAL_RANK"], os.environ["WORLD_SIZE"]) == ("0", "3")
    assert not distributed.is_initialized()
    assert dict(os.environ) == environment
    assert running("distributed.get_rank") == others
    assert listening() == before


def test_two_machines_meet_at_the_address_they_were_given(monkeypatch):
    port = processes._listen(Group([], 1)).getsockname()[1]
    other = {**os.environ, "NODE_RANK": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", str(port))
    with subprocess.Popen(follower(number=1, machines=2), env=other) as second:
        with joined(Group([], 1, 2)):
            assert add() == 3.0
        assert second.wait(60) == 0


def test_a_process_that_does_not_come_up_is_noticed_at_once():
    started = time.monotonic()
    group = Group([sys.executable, "-c", "raise SystemExit(3)"], 2)
    with (
        pytest.raises(TrainingError, match="process 1 ended with code 3; look at its own message above"),
        joined(group),
    ):
        pytest.fail("the block must not begin")
    assert time.monotonic() - started < 30
    assert not distributed.is_initialized()


def test_a_process_that_dies_in_training_is_named():
    group = Group(follower("raise SystemExit(7)"), 2)
    with pytest.raises(TrainingError, match="process 1 ended with code 7"):
        lead(group, add, add)
    assert not distributed.is_initialized()


def test_a_process_that_fails_after_the_last_step_is_named():
    then = "distributed.destroy_process_group(); raise SystemExit(5)"
    with pytest.raises(TrainingError, match="process 1 ended with code 5"), joined(Group(follower(then), 2)):
        add()


@pytest.mark.parametrize(
    ("error", "then"),
    [(ValueError("ours"), WAIT), (Interrupted("stopped"), "pass"), (KeyboardInterrupt(), WAIT)],
)
def test_an_error_here_is_told_as_it_is_and_ends_the_others(error, then):
    others = running("distributed.get_rank")
    with pytest.raises(type(error)) as caught:
        lead(Group(follower(then), 2), add, error)
    assert caught.value is error
    assert running("distributed.get_rank") == others


def test_an_error_of_torch_that_is_our_own_stays_what_it_is(monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.2)
    with pytest.raises(RuntimeError, match="out of memory"):
        lead(Group(follower(WAIT), 2), add, RuntimeError("out of memory"))


def test_children_end_with_a_parent_that_was_killed(tmp_path):
    child = "import os, sys, time; from xinyi.training.children import end_with_parent; end_with_parent(); "
    child += f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", parent])
    pid = int(_wait_for(lambda: (tmp_path / "pid").is_file() and (tmp_path / "pid").read_text()))
    process.kill()
    process.wait()
    assert _wait_for(lambda: not alive(pid))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False


def _wait_for(condition, seconds: float = 30.0):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until
        time.sleep(0.1)
    return found


def test_a_parent_that_waits_in_vain_is_ended(monkeypatch, capfd):
    codes, ended = [], threading.Event()
    monkeypatch.setattr(children, "DEAF", 0.1)
    monkeypatch.setattr(children.os, "_exit", lambda code: (codes.append(code), ended.set()))
    script = "import os; raise SystemExit(0 if os.environ['LOCAL_RANK'] == '1' else 4)"
    made = Children([sys.executable, "-c", script], 2)
    assert ended.wait(30)
    assert codes == [2]
    assert "process 2 ended with code 4" in capfd.readouterr().err
    made.kill()


def test_children_say_less_than_their_parent(tmp_path):
    show = f"import os; open({str(tmp_path)!r} + '/' + os.environ['LOCAL_RANK'], 'w').write(os.environ['XINYI_LOG'])"
    made = Children([sys.executable, "-c", show], 2)
    made.wait(60)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"1": "ERROR", "2": "ERROR"}
    assert made.failures() == {}
