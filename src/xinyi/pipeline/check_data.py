"""`xinyi data check`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from xinyi.config import builders
from xinyi.config.compose import load as load_config
from xinyi.data import load
from xinyi.data.checks import Outcome, console
from xinyi.pipeline.data_checks import PAGE, SUSPECTS, check_dataset
from xinyi.pipeline.folder import RunFolder, write_json

MOST_FILES = 8


def check_data(overrides: Sequence[str], config_dir: Path | None) -> tuple[dict[str, Any], Outcome, Path]:
    """Read, check and profile the data of a configuration; data.json and the page go into a folder.

    Returns: the content of data.json, the findings, and the folder.

    Raises:
        ConfigError, DataError: with every problem found.
    """
    config = load_config(overrides, config_dir)
    name = f"{datetime.now():%Y-%m-%d_%H%M%S}_check_{config.data.name}"
    folder = RunFolder(Path(config.checks.folder or Path(config.runs) / name))
    dataset = load(builders.data_settings(config), builders.task_specs(config))
    folder.create()
    dataset, outcome = check_dataset(config, dataset, folder.root, auto="all")
    write_json(folder.data, dataset.summary)
    return dataset.summary, outcome, folder.root


def lines(summary: dict[str, Any], outcome: Outcome, folder: Path) -> Iterator[str]:
    """The profile and the findings as text."""
    yield from _profile(summary)
    said = {finding["message"] for finding in summary["checks"]["findings"]}
    yield from (f"noticed    {text}" for text in summary["problems"] if text not in said)
    yield ""
    yield from console.lines(outcome)
    yield ""
    yield f"numbers    {folder / 'data.json'}"
    yield f"examples   {folder / PAGE}"
    if (folder / SUSPECTS).is_file():
        yield f"to label   {folder / SUSPECTS} (back in with data.corrections=FILE)"
    yield f"result     {'findings over their limits' if outcome.failed else 'in order'}"


def _profile(summary: dict[str, Any]) -> Iterator[str]:
    yield f"data       {summary['name']} · {summary['fingerprint'][:16]}"
    for source in summary["sources"][:MOST_FILES]:
        left = source["rows"] - source["used"]
        parts = [f"{source['rows']:,} rows", source.get("encoding"), f"{left:,} left out" if left else None]
        yield f"file       {source['file']}: {', '.join(filter(None, parts))}"
    if (more := len(summary["sources"]) - MOST_FILES) > 0:
        yield f"file       and {more} more"
    for name, split in summary["splits"].items():
        length = split["characters"]
        made = " (made from the training rows)" if name in summary["split_made"] else ""
        sizes = f"characters: median {length['p50']}, 99 % {length['p99']}, longest {length['max']}"
        yield f"{name:10} {split['rows']:,} rows{made}; {sizes}"
        for task, counts in split["labels"].items():
            shown = ", ".join(f"{label} {n:,}" for label, n in sorted(counts.items(), key=lambda item: -item[1]))
            read = summary["tasks"][task]
            yield f"           {task} ({read['kind']}, {read['labels']} labels): {shown}"
    masked = ", ".join(f"{kind} {n:,}" for kind, n in summary["personal_data"].items() if n) or "none found"
    yield f"masked     {masked}"
