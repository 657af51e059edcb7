"""Bytes of a file, decompressed on the way: gzip, bzip2, xz, Zstandard, or a zip with one file in it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from xinyi.errors import DataError, describe

# RuntimeError: a zip with a password; NotImplementedError: a method that zipfile does not know; ValueError: its names.
_DAMAGED = (
    EOFError, OSError, ValueError, RuntimeError, NotImplementedError, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
    pa.ArrowException,
)  # fmt: skip


def open_bytes(path: Path) -> io.BufferedReader:
    """The file's bytes, decompressed where its name says that it is compressed.

    Raises:
        DataError: it cannot be opened; while reading: it ends early or is damaged.
    """
    opener = COMPRESSIONS.get(path.suffix.lower())
    try:
        file = opener(path) if opener else open(path, "rb")  # noqa: SIM115 - the caller closes it
    except _DAMAGED as error:
        raise _unreadable(path, error) from error
    return io.BufferedReader(_Guarded(file, path), 1 << 16)


def data_suffix(path: Path) -> str:
    """The ending that names the format: `.csv` of `a.csv.gz`."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


class _Guarded(io.RawIOBase):
    """A stream whose failures are DataErrors that name the file."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self.file, self.path = file, path

    def readable(self) -> bool:
        """True: the rest of RawIOBase builds on it."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See RawIOBase. Raises DataError where the file is damaged or ends early."""
        try:
            data = self.file.read(len(buffer))
        except _DAMAGED as error:
            raise _unreadable(self.path, error) from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self.file.close()
        super().close()


def _zip_member(path: Path) -> IO[bytes]:
    archive = zipfile.ZipFile(path)
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if len(names) != 1:
        remedy = "unpack it and name the files themselves"
        raise DataError([describe("a zip with one file in it", f"{len(names)} files", remedy, str(path))])
    return archive.open(names[0])


def _unreadable(path: Path, error: BaseException) -> DataError:
    # zipfile and pyarrow put file names or whole paths into some messages; the kind says enough.
    why = getattr(error, "strerror", None) or f"{type(error).__name__} while it was read"
    return DataError([describe("a readable file", why, "check the path, or export or copy the file again", str(path))])


COMPRESSIONS: dict[str, Callable[[Path], IO[bytes]]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": lambda path: pa.input_stream(str(path), compression="zstd"),
    ".zip": _zip_member,
}
