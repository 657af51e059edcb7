"""A command that a launcher has started several times: one process walks, the others train along, all end alike."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

from xinyi.errors import ConfigError, Interrupted, describe
from xinyi.training.crew import GRACE, Crew, aboard, current
from xinyi.training.launch import Launch, launched

_INTERRUPTED = Interrupted.exit_code


def together(launch: Launch, walk: Callable[[], int]) -> int:
    """The exit code of the first process, in all of them.

    Args:
        launch: this process's place.
        walk: the command; the first process alone runs it.

    Raises:
        TrainingError: the processes do not find each other.
    """
    with aboard(launch) as crew:
        if launch.rank:
            return _follow(crew)
        code = 1
        try:
            code = walk()
        finally:
            crew.dismiss(code)
            _deaf()
        return code


def check_launch(devices: int, nodes: int, several: bool, key: str = "trainer.devices") -> None:
    """See that what was started is what was configured.

    Args:
        devices, nodes: processes on each machine, and machines, by the configuration.
        several: whether the configuration trains in several processes.
        key: the setting to change.

    Raises:
        ConfigError: other numbers, processes of a launcher that are not a crew, or several machines without a launcher.
    """
    if (launch := launched()) is None:
        if several and nodes > 1:
            remedy = "start it by torchrun or srun on each machine (docs/scaling.md), or set trainer.nodes=1"
            raise ConfigError([describe(f"a launcher for {nodes} machines", "none", remedy, "trainer.nodes")])
        return
    got = f"{launch.nodes} machine(s) with {launch.processes} processes each, started by {launch.by}"
    if current() is None:
        remedy = "start one process, or xinyi train, pretrain or resume; sweeps start their own processes"
        raise ConfigError([describe("one process", got, remedy, "launcher")])
    if not several or (devices, nodes) != (launch.processes, launch.nodes):
        wanted = f"{nodes} machine(s) with {devices} processes each" if several else "one process"
        remedy = f"set trainer=ddp trainer.devices={launch.processes} trainer.nodes={launch.nodes}"
        if key != "trainer.devices":
            remedy = f"set {key}={launch.processes}, on one machine"
        raise ConfigError([describe(wanted, got, f"{remedy}, or start as many as configured", key)])


def _follow(crew: Crew) -> int:
    """A further process: train whenever the first calls, until it gives the exit code."""
    logging.getLogger("xinyi").setLevel(logging.ERROR)  # the first process says it
    _patient()
    while not isinstance(order := crew.order(), int):
        from xinyi.pipeline.worker import join

        try:
            join(order)
        except Exception as error:
            crew.fail(f"{type(error).__name__}: {error}"[:500])
            # The first process may have ended it, and said why; then this one has nothing to add.
            order = crew.order(GRACE)
            if not isinstance(order, int):
                raise
            break
    _deaf()
    return order


def _patient() -> None:
    """A signal reaches all processes: the first stops the run and says so. Should it not, this one ends by itself."""

    def later(number: int, frame: FrameType | None) -> None:
        timer = threading.Timer(GRACE, os._exit, [_INTERRUPTED])
        timer.daemon = True
        timer.start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, later)


def _deaf() -> None:
    """A launcher ends all processes as soon as one has failed: each has its exit code already, and keeps it."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
