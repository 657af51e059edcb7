"""Reading: one file per format. To add a format, write its reader and put it into FORMATS."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xinyi.data.read.csv import read_csv, read_tsv
from xinyi.data.read.jsonl import read_jsonl
from xinyi.data.wording import nearest
from xinyi.errors import DataError, describe

Reader = Callable[[Path], Iterator[tuple[int, dict[str, Any]]]]

FORMATS: dict[str, Reader] = {
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".csv": read_csv,
    ".tsv": read_tsv,
}


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (row number from 1, {column: value}) of a file; the number is that of the line on which the row begins.

    Raises:
        DataError: no such file or format at once; what is wrong inside after the last row, all together.
            The rows yielded before an error are not the whole file: use none of them.
    """
    # os.path answers False where pathlib raises: for a folder that may not be entered.
    if not os.path.isfile(path):
        got = "a folder" if os.path.isdir(path) else "no such file"
        raise DataError([describe("an existing file", f"{got}{_siblings(path)}", "check the path", str(path))])
    reader = FORMATS.get(path.suffix.lower())
    if reader is None:
        expected = f"a name that ends in {', '.join(FORMATS)}"
        raise DataError([describe(expected, repr(path.suffix), "convert the file, or rename it", str(path))])
    return reader(path)


def find_files(name: str, root: str | None) -> list[Path]:
    """The files a name stands for, sorted: a literal name wins over a glob; a name without files gives itself, which
    `read_rows` then reports as missing."""
    path = Path(root or ".").expanduser() / Path(name).expanduser()
    if os.path.exists(path):
        return [path]
    return [Path(found) for found in sorted(glob.glob(str(path), recursive=True))] or [path]


def _siblings(path: Path) -> str:
    try:
        close = nearest(path.name, os.listdir(path.parent))
    except OSError as error:
        return f" (its folder: {error.strerror})"
    return f" ({close.strip()})" if close else ""
