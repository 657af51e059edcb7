"""JSON: an array of objects, or objects one after the other; parsed object by object."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xinyi.data.read.facts import Facts
from xinyi.data.read.jsonl import Repeats, refuse_constant
from xinyi.data.read.lines import LONGEST, Lines
from xinyi.errors import DataError, describe

_CHUNK = 1 << 16
_SPACE = " \t\n\r"


def read_json(path: Path, facts: Facts) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (number of the object from 1, object).

    Raises:
        DataError: at the first thing that is no object, because nothing tells where the next one begins; at the end
            for bad bytes and for keys that occur twice.
    """
    lines, repeats = Lines(path, facts, pieces=True), Repeats()
    text, number = _Text(iter(lines)), 0
    try:
        bracket = text.peek() == "["
        text.skip("[" if bracket else "")
        while (char := text.peek()) and not (bracket and char == "]"):
            row = _object(text, repeats, number + 1)
            number += 1
            yield number, row
            _separate(text, bracket)
        if bracket and not (text.skip("]") and not text.peek()):
            raise ValueError("no end")
    except (ValueError, RecursionError) as error:
        if not text.done:
            text.drain()  # bad bytes further on are the better explanation
        remedy = 'write [{"text": "…", "label": "…"}, …]'
        got = f"something else after object {number}"
        problem = describe("an array of JSON objects", got, remedy, str(path))
        raise DataError(lines.problems or [problem]) from error
    if problems := lines.problems or list(repeats.problems(path)):
        raise DataError(problems)


def _object(text: _Text, repeats: Repeats, number: int) -> dict[str, Any]:
    if text.peek() != "{":
        raise ValueError("no object")
    decoder = json.JSONDecoder(object_pairs_hook=repeats.at(number), parse_constant=refuse_constant)
    return text.take(decoder)


def _separate(text: _Text, bracket: bool) -> None:
    """A comma between the objects of an array, and none after the last."""
    comma = text.peek() == ","
    text.skip("," if comma else "")
    following = text.peek()
    if (bracket and comma == (following == "]")) or (comma and not bracket):
        raise ValueError("comma")


class _Text:
    """What was read of the file and not yet used."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines, self.buffer, self.at, self.done = lines, "", 0, False

    def peek(self) -> str:
        """The next character that is no blank, "" at the end."""
        while True:
            while self.at < len(self.buffer):
                if self.buffer[self.at] not in _SPACE:
                    return self.buffer[self.at]
                self.at += 1
            if not self._more(_CHUNK):
                return ""

    def skip(self, expected: str) -> bool:
        """Step over a character that `peek` has shown; whether it was there."""
        there = bool(expected) and self.peek() == expected
        self.at += there
        return there

    def take(self, decoder: json.JSONDecoder) -> Any:
        """The object that begins here, reading on until it is whole."""
        wanted = _CHUNK
        while True:
            try:
                value, self.at = decoder.raw_decode(self.buffer, self.at)
                return value
            except json.JSONDecodeError:
                if len(self.buffer) - self.at > LONGEST or not self._more(wanted):
                    raise
                wanted *= 2

    def drain(self) -> None:
        """Read to the end without keeping anything."""
        for _ in self.lines:
            pass

    def _more(self, size: int) -> bool:
        """Read on by about `size` characters; False at the end."""
        pieces = io.StringIO()
        pieces.write(self.buffer[self.at :])
        start = pieces.tell()
        for line in self.lines:
            pieces.write(line)
            if pieces.tell() - start >= size:
                break
        else:
            self.done = True
        grown = pieces.tell() > start
        self.buffer, self.at = pieces.getvalue(), 0
        return grown
