"""What torchrun and srun leave in the environment, and what the first process of a crew says to the others."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from torch.distributed import DistNetworkError

from xinyi.errors import ConfigError, TrainingError
from xinyi.pipeline.together import check_launch
from xinyi.training import crew as crews
from xinyi.training.crew import Crew, aboard, current, listen
from xinyi.training.launch import Launch, first_host, launched

TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "none", "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "1",
    "GROUP_RANK": "1", "GROUP_WORLD_SIZE": "2", "LOCAL_RANK": "2", "LOCAL_WORLD_SIZE": "4", "WORLD_SIZE": "8",
    "MASTER_ADDR": "a.example", "MASTER_PORT": "29400",
}  # fmt: skip
SRUN = {
    "SLURM_STEP_NUM_TASKS": "8", "SLURM_STEP_NUM_NODES": "2", "SLURM_STEP_TASKS_PER_NODE": "4(x2)",
    "SLURM_STEP_NODELIST": "gpu[07-08]", "SLURM_JOB_ID": "1234567", "SLURM_NODEID": "1", "SLURM_LOCALID": "3",
    "SLURM_PROCID": "3",  # dealt out in turn, tasks 1 3 5 7 are the second machine's
}  # fmt: skip


def test_a_process_of_torchrun_knows_its_place():
    launch = launched(TORCHRUN)
    assert launch == Launch("torchrun", 1, 2, 2, 4, "a.example", 29400, hosted=True, attempt=1)
    assert (launch.rank, launch.size) == (6, 8)


def test_a_process_of_srun_counts_by_machine():
    launch = launched(SRUN)
    assert launch == Launch("srun", 1, 3, 2, 4, "gpu07", 19567, hosted=False)
    assert launch.rank == 7


def test_srun_meets_where_the_user_says_or_on_this_machine_alone():
    assert launched({**SRUN, "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "5000"}).address == "10.0.0.1"
    one = {**SRUN, "SLURM_STEP_NUM_NODES": "1", "SLURM_STEP_TASKS_PER_NODE": "8", "SLURM_NODEID": "0"}
    assert launched(one).address == "127.0.0.1"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"SLURM_NTASKS": "8", "SLURM_PROCID": "0"},  # a batch script without srun
        {**SRUN, "SLURM_STEP_NUM_TASKS": "1", "SLURM_STEP_NUM_NODES": "1", "SLURM_STEP_TASKS_PER_NODE": "1"},
        {**TORCHRUN, "WORLD_SIZE": "1", "GROUP_WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "1"},
    ],
)
def test_one_process_is_no_launch(environment):
    assert launched(environment) is None


@pytest.mark.parametrize(
    ("environment", "remedy"),
    [
        ({**SRUN, "SLURM_STEP_TASKS_PER_NODE": "5,3"}, "--ntasks-per-node"),
        ({**TORCHRUN, "WORLD_SIZE": "7"}, "--nproc-per-node"),
    ],
)
def test_unlike_machines_are_refused(environment, remedy):
    with pytest.raises(ConfigError, match=f"as many processes on each machine.*use {remedy}"):
        launched(environment)


@pytest.mark.parametrize(
    ("names", "first"),
    [("node1", "node1"), ("gpu[07-09,12],cpu1", "gpu07"), ("a1,a2", "a1"), ("rack[3]n[10-12]", "rack3n10")],
)
def test_the_first_host_of_slurms_lists(names, first):
    assert first_host(names) == first


@pytest.fixture
def pair(monkeypatch):
    """Two processes' sides of one store, in this process."""
    monkeypatch.setattr(crews, "GRACE", 5.0)
    server = listen("127.0.0.1", 0)
    first = Launch("srun", 0, 0, 1, 2, "127.0.0.1", server.getsockname()[1], hosted=False)
    return Crew(first, server.detach()), Crew(replace(first, local=1))


def test_the_first_process_is_heard_in_order(pair):
    first, second = pair
    assert second.order(0.0) is None
    first.call(Path("/runs/a"))
    first.call(Path("/runs/a/adapt"))
    assert [second.order(), second.order()] == [Path("/runs/a"), Path("/runs/a/adapt")]
    heard = []
    thread = threading.Thread(target=lambda: heard.append(second.order()))
    thread.start()
    first.dismiss(3)
    thread.join(10)
    assert heard == [3]
    assert first.store.check(["heard/1"])


def test_a_process_that_cannot_go_on_is_named_at_once(pair):
    first, second = pair
    assert first.failures() == ""
    second.fail("DataError: no disk")
    with pytest.raises(TrainingError, match=r"got process 1: DataError: no disk; .*xinyi resume RUN"):
        first.meet("gloo")


def test_a_process_does_not_wait_for_a_first_one_that_has_ended(pair):
    first, second = pair
    first._say({"exit": 130})
    with pytest.raises(TrainingError, match="the end of the first one"):
        second.meet("gloo")
    assert second.order() == 130


def test_a_first_process_that_is_gone_is_told_as_such(pair, monkeypatch):
    def broken(keys: list[str]) -> bool:
        raise DistNetworkError("Broken pipe")

    # The store goes with the first process; torch's own word would be a traceback.
    second = pair[1]
    monkeypatch.setattr(second, "store", SimpleNamespace(check=broken))
    with pytest.raises(TrainingError, match="ended without a word"):
        second.order()


def test_a_taken_port_is_told_with_its_remedy():
    with listen("127.0.0.1", 0) as server:
        taken = Launch("srun", 0, 0, 1, 2, "127.0.0.1", server.getsockname()[1], hosted=False)
        with pytest.raises(TrainingError, match=r"a free port.*set MASTER_PORT"), aboard(taken):
            pytest.fail("the block must not begin")


@pytest.fixture
def srun(monkeypatch):
    """Two tasks of srun on this machine, of which this is the first."""
    own = {"SLURM_STEP_NUM_NODES": "1", "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_TASKS_PER_NODE": "2"}
    with listen("127.0.0.1", 0) as server:
        own["MASTER_PORT"] = str(server.getsockname()[1])
    for name, value in {**SRUN, **own, "SLURM_NODEID": "0", "SLURM_LOCALID": "0"}.items():
        monkeypatch.setenv(name, value)


def test_processes_must_be_as_many_as_configured(srun):
    with aboard(launched()) as crew:
        assert current() is crew
        check_launch(2, 1, several=True)
        with pytest.raises(ConfigError, match=r"got 1 machine\(s\) with 2 .*set trainer=ddp trainer.devices=2"):
            check_launch(4, 1, several=True)
        with pytest.raises(ConfigError, match="expected one process"):
            check_launch(1, 1, several=False)
        with pytest.raises(ConfigError, match=r"pretraining.processes=2, on one machine"):
            check_launch(1, 1, several=False, key="pretraining.processes")
    assert current() is None


def test_a_process_outside_a_crew_must_not_walk_beside_others(srun):
    with pytest.raises(ConfigError, match="sweeps start their own processes"):
        check_launch(2, 1, several=True)


def test_a_process_started_alone_needs_no_check():
    check_launch(1, 1, several=False)
    check_launch(4, 1, several=True)  # it starts the others itself


def test_several_machines_need_a_launcher():
    with pytest.raises(ConfigError, match=r"expected a launcher for 2 machines, got none; start it by torchrun"):
        check_launch(1, 2, several=True)
