"""Work in further processes ends with whoever waits for it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from xinyi.errors import DataError
from xinyi.pretraining.in_processes import in_processes


def say(folder: Path, name: str) -> None:
    (folder / name).write_text(str(os.getpid()), encoding="utf-8")


def wait(folder: Path, name: str) -> None:
    say(folder, name)
    time.sleep(300)


def die(folder: Path, name: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_all_is_done(tmp_path):
    in_processes(say, [(tmp_path, str(i)) for i in range(3)], 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2"]


def test_a_signal_ends_work_that_would_take_minutes(tmp_path):
    former = signal.signal(signal.SIGINT, signal.default_int_handler)

    def strike() -> None:
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=strike)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            in_processes(wait, [(tmp_path, str(i)) for i in range(5)], 2)
    finally:
        signal.signal(signal.SIGINT, former)
    thread.join()
    assert len(list(tmp_path.iterdir())) == 2
    assert multiprocessing.active_children() == []


def test_a_process_that_was_killed_is_told_in_words(tmp_path):
    with pytest.raises(DataError, match=r"free memory, or set pretraining\.processes=1"):
        in_processes(die, [(tmp_path, "a"), (tmp_path, "b")], 2)
