"""Around a whole run: one process at a time, no leftovers of a killed one, and an end that says how to go on."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

from xinyi.errors import ConfigError, Interrupted, TrainingError, describe
from xinyi.pipeline.folder import RunFolder

# What a disk says that is full, read-only, over its quota, or failing.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE)
_LEFTOVERS = ("*.part", "*/*.part", "*/*/*.part", ".bundle.*.old")


@contextlib.contextmanager
def guarded(folder: RunFolder, named: Path | None = None) -> Iterator[None]:
    """Walk a run inside the block.

    Args:
        named: the run folder to go on with, where this one is a part of it.

    Raises:
        ConfigError: another process works in this folder.
        Interrupted: Ctrl-C or SIGTERM outside of training, which answers them itself.
        TrainingError: the disk refuses.
    """
    with alone(folder.root), terminable():
        sweep(folder.root)
        try:
            yield
        except KeyboardInterrupt:
            raise Interrupted(f"stopped.\n  {remedy(folder, named)}") from None
        except OSError as error:
            if error.errno not in _DISK:
                raise
            problem = describe("room and permission to write the run folder", error, "free some", str(folder.root))
            raise TrainingError(f"{problem}.\n  {remedy(folder, named)}") from error


def remedy(folder: RunFolder, named: Path | None = None) -> str:
    """How to go on. named: see `guarded`."""
    if folder.config.is_file():
        return f"go on with: xinyi resume {named or folder.root}"
    return "nothing was begun yet; start again with the same command"


def sweep(root: Path) -> None:
    """Remove what a killed process was writing. Nobody reads such files; they would only take space."""
    for pattern in _LEFTOVERS:
        for path in root.glob(pattern):
            with contextlib.suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system lets go of when a process dies.

    Raises:
        ConfigError: another process holds it.
    """
    path = root / ".lock"
    with open(path, "a", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            advice = "wait for its end, or stop it first"
            got = "one in which another process is at work"
            raise ConfigError([describe("a run folder of one's own", got, advice, str(root))]) from error
        except OSError:
            pass  # a network folder without locks
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does. Only the main thread may set handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


@contextlib.contextmanager
def handlers_kept() -> Iterator[None]:
    """Afterwards Ctrl-C and SIGTERM are whose they were."""
    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    # Once is enough: cleaning up must not be broken off by a second one.
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
