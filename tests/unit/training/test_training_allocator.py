"""Memory that is freed stays with the process, where the C library is glibc."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from xinyi.training import allocator

_PROGRAM = """
import resource, sys, torch
from xinyi.training.allocator import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def step():
    # Larger than what glibc keeps by itself.
    return torch.ones(12_000_000).sum() + torch.ones(16_000_000).sum()
for _ in range(6): step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(12): step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _faults(way: str) -> int:
    done = subprocess.run([sys.executable, "-c", _PROGRAM, way], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="settings of glibc")
def test_pages_are_not_asked_for_again():
    """12 steps of 112 MB are some 330,000 pages of 4 KiB, or 600 of 2 MiB; blocks that are kept may move once."""
    assert 4 * _faults("keep") < _faults("leave")


@pytest.mark.parametrize("library", [object(), None])
def test_other_c_libraries_are_left_alone(monkeypatch, library):
    def load(_name):
        if library is None:
            raise OSError("no such library")
        return library

    monkeypatch.setattr(allocator.ctypes, "CDLL", load)
    assert allocator.keep_freed_memory() is False


def test_an_older_glibc_gets_a_threshold_that_it_takes(monkeypatch):
    asked = []

    class Old:
        @staticmethod
        def mallopt(parameter, value):
            asked.append((parameter, value))
            return int(value <= 2**25 or parameter != allocator._MMAP_THRESHOLD)

    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda _name: Old)
    assert allocator.keep_freed_memory() is True
    assert asked[:2] == [(allocator._MMAP_THRESHOLD, 2**30), (allocator._MMAP_THRESHOLD, 2**25)]
