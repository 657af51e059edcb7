"""Answers on disk while a file is being classified, so that a killed command goes on where it was.

One line a row, appended; the first line says what the answers belong to. The file is the whole state.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from xinyi.errors import DataError, describe
from xinyi.runtime.tables import Row

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None


class Spool:
    """Answers of an output's rows. key: what must be the same for them to be used again.

    done: rows that were answered before.

    Raises:
        DataError: another process is writing the same output.
    """

    def __init__(self, target: Path, key: Mapping[str, Any]) -> None:
        self.path = target.with_name(f".{target.name}.answers")
        self._head = json.dumps(key, sort_keys=True).encode() + b"\n"
        self._file = self.path.open("ab")
        self._lock(target)
        self.done = self._reopen()

    def _lock(self, target: Path) -> None:
        """Hold the file, which the system lets go of when a process dies."""
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            remedy = "wait for its end, or name another output"
            raise DataError(
                [describe("an output of one's own", "one that another process writes", remedy, str(target))]
            ) from error
        except OSError:
            pass  # a network folder without locks

    def _reopen(self) -> int:
        """Complete rows in an earlier file with the same key, cut behind the last; else begin anew."""
        try:
            with self.path.open("r+b") as file:
                if file.readline() == self._head:
                    rows, end = 0, file.tell()
                    for line in file:
                        if line.endswith(b"\n"):
                            rows, end = rows + 1, end + len(line)
                    file.truncate(end)
                    return rows
        except FileNotFoundError:
            pass
        self.path.write_bytes(self._head)
        return 0

    def add(self, rows: Sequence[Row]) -> None:
        """Append the answers of rows, in order."""
        lines = (json.dumps([row.error, list(row.added.values())]).encode() + b"\n" for row in rows)
        self._file.write(b"".join(lines))
        self._file.flush()

    def answers(self) -> Iterator[tuple[str | None, list[Any]]]:
        """(error, values) of every row, from the first."""
        with self.path.open("rb") as file:
            file.readline()
            for line in file:
                error, values = json.loads(line)
                yield error, values

    def remove(self) -> None:
        """The answers are written, or of no use."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Spool:
        """Close the file at the end of the block; it stays unless removed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See __enter__."""
        self._file.close()


def identity(path: Path) -> dict[str, Any]:
    """What tells one state of a file from another without reading it."""
    found = os.stat(path)
    return {"path": str(path.resolve()), "bytes": found.st_size, "changed": found.st_mtime_ns}
