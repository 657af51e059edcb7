"""Lines of a text file in whatever encoding, with everything that makes it unreadable noted by line number."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from xinyi.data.read.facts import Facts
from xinyi.data.read.stream import open_bytes
from xinyi.data.wording import rows_text
from xinyi.errors import describe
from xinyi.text.encodings import HANDLER, UNDECODED, UTF8, Encoding, detect

# Longer than any message or call transcript: a file without line ends must not be read into memory as one.
LONGEST = 10_000_000


class Lines:
    """The lines of a file as text; a byte order mark is left out.

    Iterate first, then read `problems`: bytes that the file's encoding does not have, NUL characters, lines without
    end, nothing in the file.
    pieces: give a line that is too long in pieces, instead of refusing it.
    newline: "" also ends lines at a lone carriage return and keeps line ends as they are (csv needs that).
    facts: told the encoding.

    Raises:
        DataError: the file is missing or cannot be opened or decompressed.
    """

    def __init__(self, path: Path, facts: Facts, newline: str = "\n", pieces: bool = False) -> None:
        self.path, self.facts, self.newline, self.pieces = path, facts, newline, pieces
        self.encoding: Encoding = UTF8
        self._undecoded: list[int] = []
        self._nul: list[int] = []
        self._endless = 0
        self._blank = True

    def __iter__(self) -> Iterator[str]:
        self.encoding = detect(lambda: open_bytes(self.path))
        self.facts.encoding = self.encoding.name
        with io.TextIOWrapper(open_bytes(self.path), self.encoding.codec, HANDLER, self.newline) as file:
            number, ended = 0, True
            while line := file.readline(LONGEST):
                number, ended = number + ended, line[-1] in "\r\n"
                self._inspect(number, line)
                if len(line) == LONGEST and not self.pieces:
                    self._endless = number
                    return
                yield line

    def _inspect(self, number: int, line: str) -> None:
        if not line.isascii() and UNDECODED.search(line):
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
            remedy = "mend or remove these lines, or save the file again, as UTF-8"
            return [describe(f"text in {self.encoding.name}", got, remedy, where)]
        if self._nul:
            got = f"NUL in {len(self._nul)} line(s): {rows_text(self._nul, 'line')}"
            return [describe("text without NUL characters", got, "export the file again, as UTF-8 text", where)]
        if self._endless:
            got = f"a longer one, line {self._endless}"
            return [describe(f"lines of under {LONGEST:,} characters", got, "export the file again", where)]
        if self._blank:
            return [describe("rows", "an empty file", "export the file again", where)]
        return []
