"""The processes of data-parallel training: who starts them, where they meet, and how none is left behind.

Lightning would start this process's own command line once more for each, which under Hydra composes another run. Here
each further process runs a command of our own, or belongs to a launcher such as torchrun, and the process group is made
before Lightning looks for one.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import torch
from torch import distributed

from xinyi.errors import Interrupted, TrainingError
from xinyi.training.children import Children, end_with_parent
from xinyi.training.crew import PATIENCE, Crew, current, listen
from xinyi.training.launch import LOCAL

# Seconds to end in once the first process has been interrupted, or has met an error that may be another's.
GRACE = 15.0
# Seconds in which another process of a launcher says why it ended.
_EXPLAIN = 3.0
_LOST = re.compile(r"connection|broken pipe|nccl error|timed out", re.IGNORECASE)


@dataclass(frozen=True)
class Group:
    """Which processes train together.

    command: what a further process of this machine runs.
    processes: on each machine.
    machines: how many; with more than one, MASTER_ADDR, MASTER_PORT and NODE_RANK must be set on each of them.
    backend: `gloo` between CPUs, `nccl` between GPUs.
    run: the run folder, which processes of a launcher are told in place of the command.
    """

    command: Sequence[str]
    processes: int
    machines: int = 1
    backend: str = "gloo"
    run: Path = Path()

    @property
    def size(self) -> int:
        """All processes."""
        return self.processes * self.machines


def rank(processes: int) -> int:
    """This process's number among all, from the environment; 0 outside a group."""
    return int(os.environ.get("NODE_RANK", 0)) * processes + int(os.environ.get("LOCAL_RANK", 0))


def joined(group: Group) -> contextlib.AbstractContextManager[None]:
    """Be one of the processes inside the block. The first on each machine starts the others and sees to their end;
    under a launcher, which has done so, the first of all calls them.

    Raises:
        TrainingError: another process did not come up, or ended with an error, which it has printed.
    """
    crew = current()
    return _among_children(group) if crew is None else _aboard(group, crew)


@contextlib.contextmanager
def _aboard(group: Group, crew: Crew) -> Iterator[None]:
    launch = crew.launch
    place = {"NODE_RANK": str(launch.node), "LOCAL_RANK": str(launch.local)}
    with _environment(_variables(group, launch.address, launch.port) | place):
        try:
            if launch.rank == 0:
                crew.call(group.run)
            if group.backend == "nccl":
                torch.cuda.set_device(launch.local)
            crew.meet(group.backend)
            yield
        except RuntimeError as error:  # torch's word for a connection that broke
            if launch.rank == 0 and (found := crew.failures(_EXPLAIN)):
                raise crew.error(found) from error
            if _LOST.search(str(error)):
                raise crew.error("one that ended without a word") from error
            raise
        finally:
            if distributed.is_initialized():
                distributed.destroy_process_group()


@contextlib.contextmanager
def _among_children(group: Group) -> Iterator[None]:
    first = "LOCAL_RANK" not in os.environ
    server = _listen(group) if rank(group.processes) == 0 else None
    address = os.environ.get("MASTER_ADDR", LOCAL) if group.machines > 1 or server is None else LOCAL
    port = server.getsockname()[1] if server else int(os.environ["MASTER_PORT"])
    with _environment(_variables(group, address, port)):
        children = Children(group.command, group.processes - 1 if first else 0)
        if not first:
            end_with_parent()
        try:
            store = _meet(group, server, children)  # must outlive the others, who ask it to the end
            yield
            distributed.destroy_process_group()
            children.wait(PATIENCE)
            if children.failures():
                raise TrainingError(children.report())
            del store
        except Interrupted:
            children.wait(GRACE)
            raise
        except RuntimeError as error:  # torch's word for a connection that broke
            children.wait(GRACE)
            if children.failures():
                raise TrainingError(children.report()) from error
            raise
        finally:
            if distributed.is_initialized():
                distributed.destroy_process_group()
            children.kill()


def _variables(group: Group, address: str, port: int) -> dict[str, str]:
    """What Lightning and torch look for."""
    found = {
        "MASTER_ADDR": address,
        "MASTER_PORT": str(port),
        "NODE_RANK": os.environ.get("NODE_RANK", "0"),
        "LOCAL_RANK": os.environ.get("LOCAL_RANK", "0"),
        "WORLD_SIZE": str(group.size),
        # Lightning would choose the threads itself if this were not set.
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(torch.get_num_threads())),
    }
    if group.machines == 1:  # talk on this machine's own network only
        loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")
        found |= {name: os.environ.get(name, loopback) for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")}
    return found


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    former = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in former.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _listen(group: Group) -> socket.socket:
    """The meeting point. torch's own would listen on every network that the machine has."""
    if group.machines > 1:
        return listen(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
    return listen(LOCAL, 0)


def _meet(group: Group, server: socket.socket | None, children: Children) -> distributed.Store:
    """Wait for all, and make the process group. Notices meanwhile when a process that this one started has died."""
    host, port, own = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), rank(group.processes)
    options = {} if server is None else {"master_listen_fd": server.detach()}
    patience = timedelta(seconds=PATIENCE)
    store = distributed.TCPStore(
        host, port, group.size, server is not None, timeout=patience, wait_for_workers=False, **options
    )
    store.set(f"here/{own}", "")
    until = time.monotonic() + PATIENCE
    while not store.check([f"here/{other}" for other in range(group.size)]):
        if children.failures() or time.monotonic() > until:
            raise TrainingError(children.report())
        time.sleep(0.05)
    if group.backend == "nccl":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group(group.backend, store=store, rank=own, world_size=group.size)
    return store
