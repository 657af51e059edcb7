"""Child processes that never outlive their parent, and whose death the parent never waits out."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from xinyi.errors import TrainingError

# A parent that waits inside a GPU library for a dead child hears nothing; after so many seconds it is ended too.
DEAF = 60.0


class Children:
    """Processes of one command, told apart by LOCAL_RANK, which counts from 1."""

    def __init__(self, command: Sequence[str], count: int) -> None:
        self._ended = threading.Event()
        self._processes: list[subprocess.Popen[bytes]] = []
        for local in range(1, count + 1):
            # What the parent logs need not be said again.
            own = {"LOCAL_RANK": str(local), "XINYI_LOG": "ERROR"}
            self._processes.append(subprocess.Popen(list(command), env={**os.environ, **own}))
        if count:
            threading.Thread(target=self._watch, name="children", daemon=True).start()

    def failures(self) -> dict[int, int]:
        """LOCAL_RANK → exit code of those that ended with an error."""
        codes = {i: process.poll() for i, process in enumerate(self._processes, 1)}
        return {i: code for i, code in codes.items() if code}

    def report(self) -> str:
        """What went wrong, in words."""
        found = ", ".join(f"process {i} ended with code {code}" for i, code in self.failures().items())
        return (
            f"training: expected all processes to train together, got: {found or 'one that did not come up'}; "
            "look at its own message above, or train in one process with trainer.strategy=auto trainer.devices=1"
        )

    def wait(self, seconds: float) -> None:
        """Wait for their end, but no longer than this."""
        self._ended.set()
        until = time.monotonic() + seconds
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))

    def kill(self) -> None:
        """End what still runs."""
        self._ended.set()
        for process in self._processes:
            process.kill()
            process.wait()

    def _watch(self) -> None:
        while not self._ended.wait(1.0):
            if self.failures() and not self._ended.wait(DEAF):
                print(f"xinyi: {self.report()}", file=sys.stderr, flush=True)
                self.kill()
                os._exit(TrainingError.exit_code)


def end_with_parent() -> None:
    """See to it that this process ends when the one that started it does, however that ends."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
