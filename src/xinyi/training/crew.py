"""The processes that torchrun or srun has started: the first walks the run, the others train along when it calls.

They talk through torch's store. The first process says `{"run": folder}` each time that a training begins, and at the
end `{"exit": code}`; so there is one run folder, one set of files, and one exit code.
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from torch import distributed

from xinyi.errors import TrainingError
from xinyi.training.launch import LOCAL, Launch

# Seconds to come up in: on a busy machine the imports alone take a minute.
PATIENCE = 300.0
# Seconds that a process waits for another's word before it goes its own way.
GRACE = 10.0
_POLL = 0.1


class Crew:
    """This process's side of the store.

    Raises:
        TrainingError: the first process does not come up.
    """

    def __init__(self, launch: Launch, listener: int | None = None) -> None:
        self.launch = launch
        first = launch.rank == 0 and not launch.hosted
        options = {"master_listen_fd": listener} if listener is not None and first else {}
        try:
            store = distributed.TCPStore(
                launch.address, launch.port, None, first, timedelta(seconds=PATIENCE), wait_for_workers=False, **options
            )
        except RuntimeError as error:
            where = f"{launch.address}:{launch.port}"
            raise TrainingError(f"launcher: expected to meet at {where}, got: {error}; set MASTER_PORT") from error
        self.store = distributed.PrefixStore(f"xinyi/{launch.attempt}", store)
        self.trainings = self.heard = 0

    def call(self, run: Path) -> None:
        """First process: let the others train along with the run in this folder."""
        self._say({"run": str(run)})

    def dismiss(self, code: int) -> None:
        """First process: the end. Stays until the others have heard it, so that none loses the store."""
        self._say({"exit": code})
        self._until([f"heard/{rank}" for rank in range(1, self.launch.size)], GRACE)

    def order(self, seconds: float | None = None) -> Path | int | None:
        """Further process: the next folder to train in, or the exit code; waits as long as the first one works.

        None when nothing is said within the seconds.
        """
        if not self._until([f"said/{self.heard}"], seconds):
            return None
        said = json.loads(self.store.get(f"said/{self.heard}"))
        self.heard += 1
        if "run" in said:
            return Path(said["run"])
        self.store.set(f"heard/{self.launch.rank}", "")
        return int(said["exit"])

    def fail(self, why: str) -> None:
        """Further process: tell the first why this one cannot go on."""
        self.store.set(f"failed/{self.launch.rank}", why)

    def failures(self, seconds: float = 0.0) -> str:
        """What other processes say why they cannot go on; empty when none does within the seconds."""
        until = time.monotonic() + seconds
        while True:
            ranks = [rank for rank in range(self.launch.size) if self.store.check([f"failed/{rank}"])]
            if ranks or time.monotonic() >= until:
                return "; ".join(f"process {r}: {self.store.get(f'failed/{r}').decode()}" for r in ranks)
            time.sleep(_POLL)

    def meet(self, backend: str) -> None:
        """All: make the process group of the next training.

        Raises:
            TrainingError: a process cannot take part, or does not come.
        """
        number, self.trainings = self.trainings, self.trainings + 1
        self.store.set(f"here/{number}/{self.launch.rank}", "")
        everybody = [f"here/{number}/{rank}" for rank in range(self.launch.size)]
        until = time.monotonic() + PATIENCE
        while not self.store.check(everybody):
            if (found := self.failures()) or time.monotonic() > until:
                raise self.error(found or "one that did not come up")
            if self.launch.rank and self.store.check([f"said/{self.heard}"]):
                raise self.error("the end of the first one")
            time.sleep(_POLL)
        store = distributed.PrefixStore(f"group/{number}", self.store)
        distributed.init_process_group(backend, store=store, rank=self.launch.rank, world_size=self.launch.size)

    def error(self, found: str) -> TrainingError:
        """A training that cannot go on because of another process."""
        return TrainingError(
            f"training: expected all processes to train together, got {found}; look at its own lines, and go on with "
            "xinyi resume RUN under the same launcher"
        )

    def _say(self, message: dict[str, str | int]) -> None:
        self.store.set(f"said/{self.heard}", json.dumps(message))
        self.heard += 1

    def _until(self, keys: list[str], seconds: float | None) -> bool:
        """Whether the keys were set in time. Asks, and does not wait inside torch, where no signal is heard."""
        until = None if seconds is None else time.monotonic() + seconds
        try:
            while not self.store.check(keys):
                if until is not None and time.monotonic() > until:
                    return False
                time.sleep(_POLL)
        except RuntimeError as error:
            raise self.error(f"one that ended without a word ({error})") from error
        return True


_current: list[Crew] = []


def current() -> Crew | None:
    """The crew that this process belongs to; None where no launcher started it."""
    return _current[-1] if _current else None


@contextlib.contextmanager
def aboard(launch: Launch) -> Iterator[Crew]:
    """Belong to a crew inside the block, as a process belongs to its launcher."""
    _current.append(Crew(launch, _listener(launch)))
    try:
        yield _current[-1]
    finally:
        _current.pop()


def _listener(launch: Launch) -> int | None:
    """Within one machine the store is to be reached from this machine only; torch's own listens on every network."""
    if launch.rank or launch.hosted or launch.address != LOCAL:
        return None
    try:
        return listen(launch.address, launch.port).detach()
    except OSError as error:
        where = f"{launch.address}:{launch.port}"
        raise TrainingError(f"launcher: expected a free port, got {error} at {where}; set MASTER_PORT") from error


def listen(address: str, port: int) -> socket.socket:
    """A socket that listens at this address only. Raises OSError."""
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((address, port))
    except OSError:
        server.close()
        raise
    server.listen()
    return server
