"""Which processes torchrun or srun has started, read off the environment. Loads nothing heavy."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from xinyi.errors import ConfigError, describe

LOCAL = "127.0.0.1"


@dataclass(frozen=True)
class Launch:
    """This process's place among those that a launcher has started.

    by: the launcher's name. node, local: the machine's number, and this process's number on it, from 0.
    nodes, processes: how many machines, and processes on each of them.
    address, port: where they meet. hosted: whether the launcher listens there; else the first process has to.
    attempt: how often the launcher has started them before.
    """

    by: str
    node: int
    local: int
    nodes: int
    processes: int
    address: str
    port: int
    hosted: bool
    attempt: int = 0

    @property
    def rank(self) -> int:
        """This process's number among all."""
        return self.node * self.processes + self.local

    @property
    def size(self) -> int:
        """All processes."""
        return self.nodes * self.processes


def launched(environment: Mapping[str, str] = os.environ) -> Launch | None:
    """The launch that this process belongs to; None where it was started alone.

    Raises:
        ConfigError: the machines have unlike numbers of processes.
    """
    launch = _torchrun(environment) if "TORCHELASTIC_RUN_ID" in environment else _srun(environment)
    return launch if launch is not None and launch.size > 1 else None


def _torchrun(environment: Mapping[str, str]) -> Launch:
    nodes, size = int(environment["GROUP_WORLD_SIZE"]), int(environment["WORLD_SIZE"])
    processes = _even(size, nodes, int(environment["LOCAL_WORLD_SIZE"]), "--nproc-per-node")
    return Launch(
        "torchrun", int(environment["GROUP_RANK"]), int(environment["LOCAL_RANK"]), nodes, processes,
        environment["MASTER_ADDR"], int(environment["MASTER_PORT"]),
        hosted=environment.get("TORCHELASTIC_USE_AGENT_STORE") == "True",
        attempt=int(environment.get("TORCHELASTIC_RESTART_COUNT", 0)),
    )  # fmt: skip


def _srun(environment: Mapping[str, str]) -> Launch | None:
    """Steps of srun alone: a batch script without srun is one process, whatever was allocated to it.

    Ranks are counted by machine, as SLURM's own are not where tasks are dealt out in turn (--distribution=cyclic).
    """
    if "SLURM_STEP_NUM_TASKS" not in environment:
        return None
    size = int(environment["SLURM_STEP_NUM_TASKS"])
    nodes = int(environment.get("SLURM_STEP_NUM_NODES") or environment.get("SLURM_NNODES") or 1)
    # "2(x3),1": three machines with two tasks, one with one.
    own = {int(part.split("(")[0]) for part in environment.get("SLURM_STEP_TASKS_PER_NODE", str(size)).split(",")}
    processes = _even(size, nodes, max(own), "--ntasks-per-node")
    names = environment.get("SLURM_STEP_NODELIST") or environment.get("SLURM_JOB_NODELIST") or LOCAL
    address = environment.get("MASTER_ADDR") or (first_host(names) if nodes > 1 else LOCAL)
    port = int(environment.get("MASTER_PORT") or 15000 + int(environment.get("SLURM_JOB_ID", "0")[-4:]))
    place = int(environment["SLURM_NODEID"]), int(environment["SLURM_LOCALID"])
    return Launch("srun", *place, nodes, processes, address, port, hosted=False)


def _even(size: int, nodes: int, processes: int, flag: str) -> int:
    if size != nodes * processes:
        got = f"{size} processes on {nodes} machine(s), of which one has {processes}"
        raise ConfigError([describe("as many processes on each machine", got, f"use {flag}", "launcher")])
    return processes


def first_host(names: str) -> str:
    """The first host of SLURM's compressed list: gpu[07-09,12],cpu1 gives gpu07."""
    return re.sub(r"\[([^],-]*)[^]]*\]", r"\1", names).split(",")[0]
