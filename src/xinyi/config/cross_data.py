"""The part of the cross checks that looks at data: files that exist, columns of tasks, splits that can be had."""

from __future__ import annotations

import glob
import importlib.util
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from xinyi.config import check
from xinyi.config.schema.data import SourceConfig
from xinyi.errors import describe

_OF_ONE_SOURCE = (
    "train", "validation", "test", "labels", "kinds", "order", "map", "stars", "drop", "constants",
)  # fmt: skip
_NO_FILE = "check the path; relative paths start from data.root, or from the working folder"


def sources(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The origins of a data section as plain values of the schema's types; the section itself when it lists none."""
    if not data["sources"]:
        return [dict(data)]
    return [asdict(check.build(check.usable(raw, SourceConfig), SourceConfig)) for raw in data["sources"]]


def data_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Every problem of the data section that shows without reading a file."""
    data, own = config["data"], config["data"]["sources"]
    if own:
        yield from _beside_sources(data)
    if data["validation_share"] + data["test_share"] > 0.8:
        yield describe("validation_share + test_share of at most 0.8", "more", "lower one of them", "data")
    found = [text for i, raw in enumerate(own) for text in check.problems(raw, SourceConfig, f"data.sources[{i}].")]
    yield from found
    places = tuple(f"{text.partition(': ')[0]}:" for text in found)
    for i, source in enumerate(sources(data)):
        where = f"data.sources[{i}]" if own else "data"
        more = [*_file_problems(source, data["root"], where), *_label_problems(source, config["tasks"], where)]
        yield from (text for text in more if not text.startswith(places))
    yield from _split_problems(data)
    yield from _way_problems(data)
    if data["simplify"] and importlib.util.find_spec("opencc") is None:
        yield describe("the package OpenCC", "none", "pip install OpenCC, or set data.simplify=false", "data.simplify")


def _beside_sources(data: Mapping[str, Any]) -> Iterator[str]:
    """What says something of one origin's files or labels would be ignored beside a list of origins."""
    for name in _OF_ONE_SOURCE:
        if data[name]:
            remedy = f"move it into the sources as {name}, or remove data.sources"
            yield describe(f"data.{name} or data.sources", "both", remedy, f"data.{name}")


def _split_problems(data: Mapping[str, Any]) -> Iterator[str]:
    """Validation rows choose the checkpoint, test rows are what is reported: neither can be left out."""
    for split in ("validation", "test"):
        if not data[f"{split}_share"] and not any(source[split] for source in sources(data)):
            remedy = f"set data.{split}=FILE, or raise data.{split}_share"
            yield describe(f"{split} rows", "no file and a share of 0", remedy, f"data.{split}")


def _way_problems(data: Mapping[str, Any]) -> Iterator[str]:
    """Splits by time need a column of times; only they have a first moment."""
    if data["split"] == "time" and not data["time"]:
        yield describe("a column with times", "none", "set data.time=<column>", "data.time")
    for split, name in (("validation", "validation_from"), ("test", "test_from")):
        if data[name] and data["split"] != "time":
            yield describe("data.split=time", repr(data["split"]), f"set it, or remove data.{name}", f"data.{name}")
        elif data[name] and all(source[split] for source in sources(data)):
            yield describe(f"{split} rows by time or from a file", "both", f"remove data.{name}", f"data.{name}")
    given = data["corrections"] or []
    for name in [given] if isinstance(given, str) else given:
        if not os.path.exists(os.path.expanduser(name)):
            yield describe("an existing file", name, "check the path", "data.corrections")


def _file_problems(source: Mapping[str, Any], root: str | None, where: str) -> Iterator[str]:
    if not source["train"]:
        yield describe("training file(s)", "none", f"set {where}.train=FILE", f"{where}.train")
    base = Path(source["root"] or root or ".").expanduser()
    for split in ("train", "validation", "test"):
        names = source[split] or []
        for name in [names] if isinstance(names, str) else names:
            if name.startswith("hf://"):
                continue
            # A literal name wins over a glob, as when the file is read.
            path = base / Path(name).expanduser()
            if not os.path.exists(path) and not glob.glob(str(path), recursive=True):
                yield describe("an existing file", path, _NO_FILE, f"{where}.{split}")


def _label_problems(source: Mapping[str, Any], tasks: Mapping[str, Any], where: str) -> Iterator[str]:
    for name in ("kinds", "order", "map", "stars", "drop", "outside"):
        for task in source[name]:
            if task not in source["labels"]:
                remedy = f"add {where}.labels.{task}=<column>"
                yield describe("a task with a label column", repr(task), remedy, f"{where}.{name}")
    for task, most in source["stars"].items():
        if not 2 <= most <= 100:
            yield describe("2 to 100 stars", most, f"correct {where}.stars.{task}", f"{where}.stars.{task}")
        if task in source["map"] or (task in tasks and tasks[task]["kind"] == "multi"):
            remedy = f"keep {where}.stars.{task} or the other"
            yield describe("stars without a map, for an ordinal task", "both", remedy, f"{where}.stars.{task}")
    for task, kind in source["kinds"].items():
        place = f"{where}.kinds.{task}"
        if kind not in ("single", "ordinal", "multi"):
            yield describe("single, ordinal or multi", repr(kind), "choose one of them", place)
        if task in tasks and tasks[task]["kind"] != kind:
            remedy = f"remove {place}: the task's own YAML says it"
            yield describe(f"kind {tasks[task]['kind']!r}", repr(kind), remedy, place)
