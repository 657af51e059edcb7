"""Metric points that wait for MLflow, in a file of the run folder: a run killed while MLflow is away loses none.

One JSON array a line: name, value, milliseconds, step.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import deque
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

NAME = "undelivered.jsonl"
Point = tuple[str, float, int, int]


class KeptPoints:
    """The file; written only while MLflow is away. A disk that refuses costs the points' safety, not the run.

    Args:
        folder: the run folder; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = folder and Path(folder) / NAME
        self._begun = False  # by this process
        self._there = self._path is not None and self._path.is_file()

    def read(self) -> list[Point]:
        """What an earlier process left; a line that it was killed in is passed over."""
        if not self._there:
            return []
        found = []
        for line in self._path.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError, TypeError):
                name, value, milliseconds, step = json.loads(line)
                found.append((str(name), float(value), int(milliseconds), int(step)))
        return found

    def keep(self, waiting: deque[Point], fresh: int) -> None:
        """Add the last `fresh` points; at first all that wait, in place of what another process left."""
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            if self._begun:
                with open(self._path, "a", encoding="utf-8") as file:
                    file.write(_lines(reversed(list(islice(reversed(waiting), fresh)))))
                return
            beside = self._path.with_name(f".{NAME}.{os.getpid()}.part")
            beside.write_text(_lines(waiting), encoding="utf-8")
            os.replace(beside, self._path)
            self._begun = self._there = True

    def clear(self) -> None:
        """All points have arrived."""
        if self._there:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._begun = self._there = False


def _lines(points: Iterable[Point]) -> str:
    return "".join(f"{json.dumps(point, ensure_ascii=False)}\n" for point in points)
