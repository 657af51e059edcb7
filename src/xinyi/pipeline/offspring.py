"""The trainings of a study or a search, each a process of its own: stopped with their parent, however that ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from xinyi.errors import TrainingError
from xinyi.pipeline.guard import terminable

# Tells a training which process it must not outlive.
PARENT = "XINYI_PARENT"
# A signal to the whole group, as of Ctrl-C or of a cluster, has reached the trainings too: a second one would keep them
# from saving. Those that still run after so many seconds did not get it.
OWN_END = 6.0
# Seconds in which a training that is asked to stop saves and ends.
GRACE = 30.0

Process = subprocess.Popen[str]


class Offspring:
    """Processes that train. May be used by several threads."""

    def __init__(self) -> None:
        self._lock, self._over = threading.Lock(), False
        self._running: list[Process] = []

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], stdout: int, stderr: int | IO[str]
    ) -> Process:
        """Run `xinyi` with these arguments. Raises TrainingError once all are being stopped."""
        command = [sys.executable, "-m", "xinyi.cli", *arguments]
        env = {**environment, PARENT: str(os.getpid())}
        with self._lock:
            if self._over:
                raise TrainingError("stopped before this training began")
            self._running = [process for process in self._running if process.poll() is None]
            self._running.append(subprocess.Popen(command, stdout=stdout, stderr=stderr, text=True, env=env))
            return self._running[-1]

    def end(self) -> None:
        """Stop all that run, so that they save; nothing starts any more."""
        with self._lock:
            self._over = True
        try:
            _wait(self._running, OWN_END)
        finally:
            stop(*self._running)


def stop(*processes: Process) -> None:
    """Ask processes to save and end, wait for it, and kill those that do not; a further signal kills at once."""
    running = [process for process in processes if process.poll() is None]
    try:
        for process in running:
            process.terminate()
        _wait(running, GRACE)
    finally:
        for process in running:
            process.kill()
            process.wait()


def _wait(processes: Sequence[Process], seconds: float) -> None:
    until = time.monotonic() + seconds
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until - time.monotonic()))


@contextlib.contextmanager
def looked_after() -> Iterator[Offspring]:
    """Trainings that are stopped when the block ends: by itself, by an error, by Ctrl-C or SIGTERM.

    Raises:
        KeyboardInterrupt: by either signal; the trainings have ended.
    """
    offspring = Offspring()
    with terminable():
        try:
            yield offspring
        finally:
            offspring.end()


def follow_parent() -> None:
    """In a training: end when the process that started it is gone, as if by SIGTERM. Elsewhere nothing is done."""
    if not (given := os.environ.pop(PARENT, "")):  # what this process starts has another parent
        return
    parent = int(given)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
