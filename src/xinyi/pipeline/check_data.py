"""`xinyi data check` and `xinyi data mask`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xinyi.config import builders
from xinyi.config.compose import load as load_config
from xinyi.data import load


def check_data(overrides: Sequence[str], config_dir: Path | None) -> dict[str, Any]:
    """Read, check and profile the data of a configuration; returns the content of data.json.

    Raises:
        ConfigError, DataError: with every problem found.
    """
    config = load_config(overrides, config_dir)
    return dict(load(builders.data_settings(config), builders.task_specs(config)).summary)


def lines(summary: dict[str, Any]) -> list[str]:
    """The profile as text."""
    found = [f"data       {summary['name']} · {summary['fingerprint'][:16]}"]
    for name, split in summary["splits"].items():
        length = split["characters"]
        made = " (made from the training rows)" if name in summary["split_made"] else ""
        sizes = f"characters: median {length['p50']}, 99 % {length['p99']}, longest {length['max']}"
        found.append(f"{name:10} {split['rows']:,} rows{made}; {sizes}")
        for task, counts in split["labels"].items():
            shown = ", ".join(f"{label} {n:,}" for label, n in sorted(counts.items(), key=lambda item: -item[1]))
            found.append(f"           {task}: {shown}")
    masked = ", ".join(f"{kind} {n:,}" for kind, n in summary["personal_data"].items() if n) or "none found"
    found.append(f"masked     {masked}")
    return found + [f"finding    {text}" for text in summary["problems"]]
