"""The processes of data-parallel training: who starts them, where they meet, and how none is left behind.

Lightning would start this process's own command line once more for each, which under Hydra composes another run. Here
each further process runs a command of our own, and the process group is made before Lightning looks for one.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import distributed

from xinyi.errors import Interrupted, TrainingError

LOCAL = "127.0.0.1"
# To come up: on a busy machine the imports alone take a minute. To end: a checkpoint of a large model.
PATIENCE = 300.0


@dataclass(frozen=True)
class Group:
    """Which processes train together.

    command: what a further process of this machine runs.
    processes: on each machine. machines: how many; with more than one, NODE_RANK, MASTER_ADDR and MASTER_PORT are set
        on each of them.
    backend: `gloo` between CPUs, `nccl` between GPUs.
    """

    command: Sequence[str]
    processes: int
    machines: int = 1
    backend: str = "gloo"


def rank(processes: int) -> int:
    """This process's number among all, from the environment; 0 outside a group."""
    return int(os.environ.get("NODE_RANK", 0)) * processes + int(os.environ.get("LOCAL_RANK", 0))


@contextlib.contextmanager
def joined(group: Group) -> Iterator[None]:
    """Be one of the processes inside the block. The first on each machine starts the others and sees to their end.

    Raises:
        TrainingError: another process ended with an error, which it has printed.
    """
    server = _listen(group) if rank(group.processes) == 0 else None
    host = os.environ.get("MASTER_ADDR", LOCAL)
    port = server.getsockname()[1] if server else int(os.environ["MASTER_PORT"])
    first = "LOCAL_RANK" not in os.environ
    with _environment(_variables(group, host, port)):
        others = _Others(group) if first else _Others()
        if not first:
            _end_with_parent()
        with others, _process_group(group, host, port, server, others):
            yield


def _variables(group: Group, host: str, port: int) -> dict[str, str]:
    """What Lightning and torch look for; the network only on this machine unless there are several."""
    found = {
        "MASTER_ADDR": host,
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(group.processes * group.machines),
        "LOCAL_RANK": os.environ.get("LOCAL_RANK", "0"),
        # Lightning would choose the threads itself if this were not set.
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(torch.get_num_threads())),
    }
    if group.machines == 1:
        found |= {name: os.environ.get(name, "lo") for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")}
    return found


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    former = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in former.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def _listen(group: Group) -> socket.socket:
    """The meeting point. torch's own would listen on every network of the machine."""
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    several = group.machines > 1
    address = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])) if several else (LOCAL, 0)
    server.bind(address)
    server.listen()
    return server


@contextlib.contextmanager
def _process_group(
    group: Group, host: str, port: int, server: socket.socket | None, others: _Others
) -> Iterator[None]:
    size, own = group.processes * group.machines, rank(group.processes)
    options = {} if server is None else {"master_listen_fd": server.detach()}
    store = distributed.TCPStore(
        host, port, size, server is not None, timedelta(seconds=PATIENCE), wait_for_workers=False, **options
    )
    _gather(store, size, own, others)
    distributed.init_process_group(group.backend, store=store, rank=own, world_size=size)
    try:
        yield
    finally:
        distributed.destroy_process_group()
        # The server of the store must not go before the others have said good-bye to it.
        others.finish()


def _gather(store: distributed.Store, size: int, own: int, others: _Others) -> None:
    """Wait for all, and notice meanwhile if one that this process started has died."""
    store.set(f"here/{own}", "")
    until = time.monotonic() + PATIENCE
    while not store.check([f"here/{other}" for other in range(size)]):
        if others.failures() or time.monotonic() > until:
            raise TrainingError(others.report() or "data-parallel training: another process did not come up in time")
        time.sleep(0.05)


class _Others:
    """The processes that this one started."""

    def __init__(self, group: Group | None = None) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        ranks = range(1, group.processes) if group else ()
        for local in ranks:
            # What the first process says need not be said again.
            own = {"LOCAL_RANK": str(local), "XINYI_LOG": "ERROR"}
            self._processes.append(subprocess.Popen(list(group.command), env={**os.environ, **own}))

    def failures(self) -> dict[int, int]:
        """Local rank → exit code of those that ended with an error."""
        codes = {i: process.poll() for i, process in enumerate(self._processes, 1)}
        return {i: code for i, code in codes.items() if code}

    def report(self) -> str:
        """Who failed, in words; "" for none."""
        found = ", ".join(f"process {i} with code {code}" for i, code in self.failures().items())
        return f"data-parallel training: expected all processes to finish, ended {found}; see its message above" if found else ""

    def finish(self, seconds: float = PATIENCE) -> None:
        """Wait for their end."""
        until = time.monotonic() + seconds
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))

    def __enter__(self) -> _Others:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        ...
