"""Which encoding a text file is in: UTF-8, UTF-16, GB18030 or Big5, with or without a byte order mark."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from xinyi.text.natural import naturalness

HANDLER = "xinyi.undecodable"
"""Give this as `errors`: bytes that an encoding does not have become a character that decoded text never holds."""
UNDECODED = re.compile("[\ud800-\udfff]")
codecs.register_error(HANDLER, lambda error: ("\udcff", error.end))  # type: ignore[attr-defined]

_CHUNK = 1 << 16
_SAMPLE = 1 << 18  # bytes of lines outside ASCII that decide between encodings
_LEAST = 0.25  # naturalness of decoded text; Chinese has 0.5 and more, a wrong decoding under 0.15


@dataclass(frozen=True)
class Encoding:
    """codec: Python's name. name: as it is called in reports."""

    codec: str
    name: str


UTF8 = Encoding("utf-8", "UTF-8")
_MARKS = (
    (codecs.BOM_UTF8, Encoding("utf-8-sig", "UTF-8 with BOM")),
    (codecs.BOM_UTF32_LE, Encoding("utf-32", "UTF-32")),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, Encoding("utf-32", "UTF-32")),
    (codecs.BOM_UTF16_LE, Encoding("utf-16", "UTF-16 LE")),
    (codecs.BOM_UTF16_BE, Encoding("utf-16", "UTF-16 BE")),
)
_CHINESE = (Encoding("gb18030", "GB18030"), Encoding("cp950", "Big5"), Encoding("big5hkscs", "Big5-HKSCS"))
_UTF16 = (Encoding("utf-16-le", "UTF-16 LE"), Encoding("utf-16-be", "UTF-16 BE"))


def detect(opened: Callable[[], AbstractContextManager[io.BufferedReader]]) -> Encoding:
    """The encoding of a text. It reads the whole text once, because a file that begins in ASCII may end in GBK.

    A file that fits none is called UTF-8, so that the lines that are not are reported; so is one whose lines outside
    ASCII are mostly UTF-8. Between GB18030 and Big5 the more natural text decides.

    Args:
        opened: gives the text's bytes, from their begin at each call; its errors, and theirs, are passed on.
    """
    with opened() as file:
        head = file.peek(1 << 16)
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                return encoding
        if b"\0" in head and (found := _utf16(head)):
            return found
        if _decodes(file):
            return UTF8
    with opened() as file:
        return _chinese(_sample(file))


def _decodes(file: io.BufferedReader) -> bool:
    """Whether everything is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _sample(file: io.BufferedReader) -> list[bytes]:
    """The first lines with bytes outside ASCII."""
    lines: list[bytes] = []
    size = 0
    while size < _SAMPLE and (line := file.readline(_SAMPLE)):
        if not line.isascii():
            lines.append(line)
            size += len(line)
    return lines


def _chinese(lines: list[bytes]) -> Encoding:
    if 2 * sum(_is_utf8(line) for line in lines) >= len(lines):
        return UTF8
    data = b"".join(lines)
    # max keeps the first of equals: GB18030 is what short, undecided files mostly are.
    best = max(_CHINESE, key=lambda encoding: _score(data, encoding))
    return best if _score(data, best) >= _LEAST else UTF8


def _score(data: bytes, encoding: Encoding) -> float:
    text = data.decode(encoding.codec, "replace")
    return naturalness(text)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _utf16(head: bytes) -> Encoding | None:
    """UTF-16 without a mark: ASCII characters have their zero byte on one side, and the text decodes."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    encoding = _UTF16[0] if odd > even else _UTF16[1]
    text = head[: len(head) // 2 * 2].decode(encoding.codec, "replace")[:-1]
    usual = sum(char.isascii() or naturalness(char) > 0 for char in text)
    return encoding if max(even, odd) > 4 * min(even, odd) and "\0" not in text and usual > len(text) / 3 else None
