"""Tables of the Hugging Face `datasets` library: folders it saved or can read, and names on the hub."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xinyi.data.read.facts import Facts
from xinyi.data.read.values import plain_value
from xinyi.data.wording import known_text, rows_text
from xinyi.errors import DataError, describe

_NAME = re.compile(
    r"hf://(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+?))?(?:/(?P<config>[\w.-]+))?(?::(?P<split>\w+))?",
    re.ASCII,
)
# What others call our splits.
_ALIASES = {"validation": ("validation", "valid", "dev", "val"), "train": ("train",), "test": ("test",)}
Row = dict[str, Any]


@dataclass(frozen=True)
class HubTable:
    """One split: of a folder (`folder`), or of a repository `name` on the hub at `revision`.

    splits: names to look for, the first that exists is taken.
    """

    splits: tuple[str, ...]
    folder: Path | None = None
    name: str = ""
    revision: str | None = None
    config: str | None = None

    def __str__(self) -> str:
        return str(self.folder) if self.folder else f"hf://{self.name}"


def is_hub_name(name: str) -> bool:
    """Whether this names a table on the hub."""
    return name.startswith("hf://")


def hub_table(name: str, split: str) -> HubTable:
    """`hf://OWNER/NAME[@REVISION][/CONFIG][:SPLIT]`; without a split, the one it is given for.

    Raises:
        DataError: not of this form.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise DataError([describe("hf://OWNER/NAME[@REVISION][/CONFIG][:SPLIT]", repr(name), "correct it", "data")])
    said = match["split"]
    return HubTable((said,) if said else _ALIASES[split], None, match["name"], match["revision"], match["config"])


def folder_table(folder: Path, split: str) -> HubTable:
    """The split of a folder that `datasets` saved, or that holds data files."""
    return HubTable(_ALIASES[split], folder)


def read_hub(table: HubTable, facts: Facts) -> Iterator[tuple[int, Row]]:
    """Yield (row number from 1, {column: value}); numbers of classes become their names.

    Raises:
        DataError: no such set or split, no network, damaged; after the last row: rows with values of another kind.
    """
    number, bad, digest = 0, [], hashlib.sha256()
    for number, row in enumerate(_rows(table), 1):
        if row is None:
            bad.append(number)
            continue
        digest.update(json.dumps(row, sort_keys=True).encode() + b"\n")
        yield number, row
    if bad:
        remedy = "use a table of texts, numbers and lists"
        raise DataError([describe("values that are text, numbers or lists", rows_text(bad), remedy, str(table))])
    if not number:
        raise DataError([describe("rows", "an empty table", "check the split", str(table))])
    facts.sha256 = digest.hexdigest()


def _rows(table: HubTable) -> Iterator[Row | None]:
    """Rows as plain values with names for classes, None for one that has no plain form."""
    try:
        data = _open(table)
        name_classes = _classes(data.features)
        for row in data:
            try:
                plain = name_classes(plain_value(row))
            except ValueError:
                plain = None
            yield plain
    except DataError:
        raise
    except Exception as error:  # the library raises dozens of kinds, of its own and of what it calls
        raise _unreadable(table, error) from error


def _open(table: HubTable) -> Any:
    import datasets

    datasets.disable_progress_bars()
    if table.folder is None:
        # All splits: the library's cache can then answer without a network.
        parts = datasets.load_dataset(table.name, table.config, revision=table.revision)
        return parts[_choose(table, list(parts))]
    if (table.folder / "state.json").is_file():
        return datasets.load_from_disk(str(table.folder))
    if (table.folder / "dataset_dict.json").is_file():
        parts = datasets.load_from_disk(str(table.folder))
        return parts[_choose(table, list(parts))]
    # Streamed, so that nothing is copied into the library's cache.
    parts = datasets.load_dataset(str(table.folder), streaming=True)
    return parts[_choose(table, list(parts))]


def _choose(table: HubTable, found: list[str]) -> str:
    for name in table.splits:
        if name in found:
            return name
    remedy = f"name one: {table}:SPLIT" if table.folder is None else "name the files themselves"
    raise DataError([describe(f"a split {table.splits[0]!r}", known_text(found), remedy, str(table))])


def _classes(features: Any) -> Callable[[Row], Row]:
    """A function that puts names in place of class numbers."""
    import datasets

    names: dict[str, Callable[[Any], Any]] = {}
    for column, feature in (features or {}).items():
        inner = getattr(feature, "feature", None)
        if isinstance(feature, datasets.ClassLabel):
            names[column] = lambda value, known=feature.names: _class_name(value, known)
        elif isinstance(inner, datasets.ClassLabel):
            names[column] = lambda values, known=inner.names: values and [_class_name(value, known) for value in values]
    return lambda row: {key: names[key](value) if key in names else value for key, value in row.items()}


def _class_name(value: Any, names: list[str]) -> str | None:
    """None for -1, the library's way to say that a label is lacking. Raises ValueError for any other number."""
    if value is None or value == -1:
        return None
    if not 0 <= value < len(names):
        raise ValueError("a class without a name")
    return names[value]


def _unreadable(table: HubTable, error: BaseException) -> DataError:
    expected = "a folder of Hugging Face datasets" if table.folder else "a data set on the hub"
    remedy = "check the name and the network, or save it to a folder with save_to_disk and name that"
    return DataError([describe(expected, f"{type(error).__name__} while it was opened", remedy, str(table))])
