"""`xinyi` in processes of their own that need not import everything anew: each is forked off one that has."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PRELOAD = ["xinyi.pipeline.train", "xinyi.pipeline.resume", "xinyi.pipeline.evaluate", "xinyi.export.bundle", "mlflow"]


class WarmProcess:
    """What the tests use of `subprocess.Popen`, with one command of `xinyi`.

    Args:
        arguments: of the command line. log: file that standard output and errors are added to.
        fatal: (name, n): the process kills itself when a file or folder is about to get this name for the nth time,
            so that what was written beside it is left lying there.
    """

    def __init__(self, arguments: list[str], log: Path, fatal: tuple[str, int] | None = None) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOAD)
        self.process = context.Process(target=run, args=(arguments, str(log), fatal))
        self.process.start()

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit code, minus the signal's number after a signal; None when the time is over."""
        self.process.join(timeout)
        return self.process.exitcode


def run(arguments: list[str], log: str, fatal: tuple[str, int] | None) -> None:
    """The command, in the forked process."""
    if fatal:
        _lay_trap(*fatal)
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number in (1, 2):
        os.dup2(file, number)
    from xinyi import cli

    sys.exit(cli.main(arguments))


def _lay_trap(name: str, times: int) -> None:
    count, replace, rename = iter(range(1, times + 1)), os.replace, os.rename

    def trapped(move: Callable[..., None]) -> Callable[..., None]:
        def moved(source: Any, target: Any, **options: Any) -> None:
            if Path(target).name == name and next(count) == times:
                os.kill(os.getpid(), signal.SIGKILL)
            move(source, target, **options)

        return moved

    os.replace, os.rename = trapped(replace), trapped(rename)
