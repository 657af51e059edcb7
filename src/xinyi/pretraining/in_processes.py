"""Long pieces of work in processes of their own, which end with whoever waits for them."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from xinyi.errors import DataError, describe
from xinyi.training.children import end_with_parent


def in_processes(function: Callable[..., object], work: Sequence[tuple[Any, ...]], processes: int) -> None:
    """Call a function of a module with each tuple of arguments, in any order.

    Raises:
        DataError: a process was killed, mostly for lack of memory. What the function raises.
        KeyboardInterrupt: the processes were ended in mid-work.
    """
    # Spawned, because a fork would copy the locks of threads that this process may have.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _begin) as pool:
        try:
            for future in [pool.submit(function, *one) for one in work]:
                future.result()
        except BrokenProcessPool as error:
            remedy = "free memory, or set pretraining.processes=1"
            raise DataError([describe("processes that encode texts", "one that was killed", remedy)]) from error
        except BaseException:
            for process in multiprocessing.active_children():
                process.terminate()  # a large file takes minutes
            pool.shutdown(cancel_futures=True)
            raise


def _begin() -> None:
    """Ctrl-C reaches every process; only the first one answers it, and ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
