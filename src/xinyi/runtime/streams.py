"""Bytes of a file or of standard input, unpacked where the name says so."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
from pathlib import Path
from typing import IO, Any

from xinyi.errors import DataError, describe

STREAM = "-"
COMPRESSIONS = (".gz", ".bz2", ".xz")
# What damaged or cut compressed files raise.
BROKEN = (EOFError, gzip.BadGzipFile, lzma.LZMAError, OSError)


def kind(path: Path | str) -> tuple[str, str]:
    """(`.csv`, `.gz`) and the like; the second is "" where nothing is packed. A stream is jsonl."""
    if str(path) == STREAM:
        return ".jsonl", ""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        return (suffixes[-2] if len(suffixes) > 1 else ""), suffixes[-1]
    return (suffixes[-1] if suffixes else ""), ""


class Source:
    """An open input of bytes. file: unpacked; share: how much of it was read."""

    def __init__(self, path: Path | str) -> None:
        self.name = "stdin" if str(path) == STREAM else str(path)
        self._raw: Any = sys.stdin.buffer if self.name == "stdin" else _open(Path(path))
        self._size = 0 if self.name == "stdin" else Path(path).stat().st_size
        unpack = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}.get(kind(path)[1])
        self.file: Any = io.BufferedReader(unpack(self._raw)) if unpack else self._raw  # type: ignore[arg-type]

    def share(self) -> float | None:
        """0 to 1; None on stdin and for empty files."""
        return min(1.0, self._raw.tell() / self._size) if self._size else None

    def close(self) -> None:
        """Let go of the file, but leave stdin open."""
        if self.name == "stdin":
            return
        if self.file is not self._raw:
            self.file.close()
        self._raw.close()


def packed(path: Path, packing: str) -> IO[bytes]:
    """A new file to write to; the same content gives the same bytes. Raises OSError."""
    if packing == ".gz":
        # No time in the header. Level 6 is what the command line tool takes.
        return gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=_Owned(path), mtime=0)  # type: ignore
    if packing == ".bz2":
        return bz2.open(path, "wb")  # type: ignore[return-value]
    return lzma.open(path, "wb") if packing == ".xz" else path.open("wb")  # type: ignore[return-value]


class _Owned(io.FileIO):
    """GzipFile does not close a file that it was given."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "wb")


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError([describe("a readable file", type(error).__name__, "check the path", str(path))]) from error
