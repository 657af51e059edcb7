"""Reading: one file per format. To add a format, write its reader and put it into FORMATS."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xinyi.data.read.csv import read_csv, read_tsv
from xinyi.data.read.facts import Facts
from xinyi.data.read.hub import HubTable, folder_table, hub_table, is_hub_name, read_hub
from xinyi.data.read.json import read_json
from xinyi.data.read.jsonl import read_jsonl
from xinyi.data.read.parquet import read_arrow, read_parquet
from xinyi.data.read.stream import COMPRESSIONS, data_suffix
from xinyi.data.read.xlsx import read_xlsx
from xinyi.data.wording import nearest
from xinyi.errors import DataError, describe

Origin = Path | HubTable
Reader = Callable[[Path, Facts], Iterator[tuple[int, dict[str, Any]]]]

# Text formats may be compressed as a whole; the others compress inside.
TEXT_FORMATS: dict[str, Reader] = {
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".json": read_json,
    ".csv": read_csv,
    ".tsv": read_tsv,
}
BINARY_FORMATS: dict[str, Reader] = {
    ".parquet": read_parquet,
    ".arrow": read_arrow,
    ".feather": read_arrow,
    ".xlsx": read_xlsx,
}
FORMATS: dict[str, Reader] = {**TEXT_FORMATS, **BINARY_FORMATS}


def read_rows(origin: Origin, facts: Facts | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (row number from 1, {column: value}) of a table, reading on as rows are asked for.

    The number is that of the line on which the row begins (jsonl, csv, tsv), of the row as Excel shows it (xlsx),
    else of the row in the table.

    Args:
        facts: told what is learnt on the way.

    Raises:
        DataError: no such file or format at once; what is wrong inside after the last row, all together.
            The rows yielded before an error are not the whole file: use none of them.
    """
    facts = facts or Facts()
    if isinstance(origin, HubTable):
        return read_hub(origin, facts)
    return _reader(origin)(origin, facts)


def _reader(path: Path) -> Reader:
    # os.path answers False where pathlib raises: for a folder that may not be entered.
    if not os.path.isfile(path):
        got = "a folder" if os.path.isdir(path) else "no such file"
        raise DataError([describe("an existing file", f"{got}{_siblings(path)}", "check the path", str(path))])
    compressed = path.suffix.lower() in COMPRESSIONS
    formats = TEXT_FORMATS if compressed else FORMATS
    reader = formats.get(data_suffix(path))
    if reader is None:
        more = f" before {path.suffix}" if compressed else f" (text formats also with {', '.join(COMPRESSIONS)})"
        expected = f"a name that ends in {', '.join(formats)}{more}"
        raise DataError([describe(expected, repr(path.name[-20:]), "convert the file, or rename it", str(path))])
    return reader


def find_files(name: str, root: str | None, split: str = "train") -> list[Origin]:
    """What a name stands for, files sorted: a name on the hub, a file, a folder of Hugging Face datasets, a glob.

    A literal name wins over a glob; a name without files gives itself, which `read_rows` then reports as missing.

    Args:
        split: which split of a data set that has several is meant.

    Raises:
        DataError: a hub name of another form.
    """
    if is_hub_name(name):
        return [hub_table(name, split)]
    path = Path(root or ".").expanduser() / Path(name).expanduser()
    if os.path.isdir(path):
        return [folder_table(path, split)]
    if os.path.exists(path):
        return [path]
    return [Path(found) for found in sorted(glob.glob(str(path), recursive=True)) if os.path.isfile(found)] or [path]


def _siblings(path: Path) -> str:
    try:
        close = nearest(path.name, os.listdir(path.parent))
    except OSError as error:
        return f" (its folder: {error.strerror})"
    return f" ({close.strip()})" if close else ""
