"""Lines of a text file, with everything that makes a file unreadable as UTF-8 noted by line number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from xinyi.data.wording import rows_text
from xinyi.errors import DataError, describe

# What the `surrogateescape` handler makes of bytes that are not UTF-8.
_UNDECODED = re.compile("[\ud800-\udfff]")
_CONVERT = "save it as UTF-8, for example: iconv -f {} -t UTF-8 FILE > NEW_FILE"


class Lines:
    """The lines of a file as text; a byte order mark is left out.

    Iterate first, then read `problems`: bytes that are not UTF-8, NUL bytes, nothing in the file.
    newline: "" also ends lines at a lone carriage return and keeps line ends as they are (csv needs that).

    Raises:
        DataError: the file is missing or cannot be opened.
    """

    def __init__(self, path: Path, newline: str = "\n") -> None:
        self.path, self.newline = path, newline
        self._undecoded: list[int] = []
        self._nul: list[int] = []
        self._blank = True

    def __iter__(self) -> Iterator[str]:
        try:
            with open(self.path, encoding="utf-8-sig", errors="surrogateescape", newline=self.newline) as file:
                for number, line in enumerate(file, 1):
                    self._inspect(number, line)
                    yield line
        except OSError as error:
            problem = describe("a readable file", error.strerror, "check the path and its permissions", str(self.path))
            raise DataError([problem]) from error

    def _inspect(self, number: int, line: str) -> None:
        if not line.isascii() and _UNDECODED.search(line):
            self._undecoded.append(number)
        if "\0" in line:
            self._nul.append(number)
        if self._blank and line.strip():
            self._blank = False

    @property
    def problems(self) -> list[str]:
        """What is wrong with the lines read so far."""
        where = str(self.path)
        if self._undecoded:
            got = f"other bytes in {len(self._undecoded)} line(s): {rows_text(self._undecoded, 'line')}"
            # UTF-16 is full of NUL bytes: its encoding is the one thing to mend.
            return [describe("text in UTF-8", got, _CONVERT.format("UTF-16" if self._nul else "GB18030"), where)]
        if self._nul:
            got = f"NUL in {len(self._nul)} line(s): {rows_text(self._nul, 'line')}"
            return [describe("text without NUL characters", got, "export the file again, as UTF-8 text", where)]
        if self._blank:
            return [describe("rows", "an empty file", "export the file again", where)]
        return []
