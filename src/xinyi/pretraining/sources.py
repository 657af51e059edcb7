"""Raw text: txt (one passage a line) and jsonl files, plain or compressed."""

from __future__ import annotations

import bz2
import glob
import gzip
import json
import lzma
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from xinyi.errors import DataError, describe

_OPEN: dict[str, Callable[..., IO[str]]] = {".xz": lzma.open, ".gz": gzip.open, ".bz2": bz2.open}
_KINDS = (".txt", ".jsonl")


def resolve(patterns: Sequence[str]) -> list[Path]:
    """The files that paths and globs name, each once, in order of their names.

    Raises:
        DataError: a pattern names no file, or a file is neither txt nor jsonl; two files would have one source name.
    """
    found: dict[Path, None] = {}
    problems = []
    for pattern in patterns:
        paths = [Path(path) for path in sorted(glob.glob(pattern, recursive=True))]
        if not paths:
            problems.append(describe("a text file", "none", "check the path or glob", pattern))
        found |= dict.fromkeys(path for path in paths if path.is_file())
    names: dict[str, Path] = {}
    for path in found:
        if kind(path) not in _KINDS:
            remedy = "give txt or jsonl files, plain or as .xz, .gz or .bz2"
            problems.append(describe("a txt or jsonl file", path.suffix or "no suffix", remedy, str(path)))
        if name(path) in names:
            remedy = "rename one: weights and curves go by that name"
            problems.append(describe("one file a source name", f"{names[name(path)]} as well", remedy, str(path)))
        names[name(path)] = path
    if problems:
        raise DataError(problems)
    return sorted(found, key=name)


def name(path: Path) -> str:
    """The source's name: the file's name up to its first dot."""
    return path.name.split(".", 1)[0]


def kind(path: Path) -> str:
    """`.txt` or `.jsonl`, whatever the compression."""
    return (Path(path.stem) if path.suffix in _OPEN else path).suffix


def passages(path: Path, column: str) -> Iterator[str]:
    """The passages of a file, one at a time.

    Raises:
        DataError: the file cannot be read, is not UTF-8, or a jsonl line has no such text.
    """
    opener = _OPEN.get(path.suffix, open)
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                text = line if kind(path) == ".txt" else _text(line, column, f"{path}, line {number}")
                if text.strip():
                    yield text
    except (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError) as error:
        raise DataError([describe("UTF-8 text", error, "convert or unpack the file again", str(path))]) from error


def _text(line: str, column: str, where: str) -> str:
    try:
        row = json.loads(line)
        text = row[column]
    except (ValueError, KeyError, TypeError) as error:
        remedy = "give the text column's name with corpus.column="
        raise DataError([describe(f"an object with {column!r}", type(error).__name__, remedy, where)]) from error
    if not isinstance(text, str):
        raise DataError([describe("a text", type(text).__name__, "correct the row", where)])
    return text
