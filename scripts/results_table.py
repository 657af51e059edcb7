"""A Markdown table of finished runs beside the linear floors, for docs/results.md.

    python scripts/results_table.py --floors floors.jsonl runs/*

Each row is a data set and task; runs that differ only in their seed are put together as mean ± spread (largest minus
smallest, halved). The interval is the bootstrap interval of the first run.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markdown_table import head, read_floors

SHOWN = ("macro_f1", "accuracy", "micro_f1", "quadratic_kappa", "mae")


def read_runs(folders: Sequence[Path]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """(data, task) → reports of its runs."""
    found = defaultdict(list)
    for folder in sorted(folders):
        path = folder / "report" / "report.json"
        if path.is_file():
            report = json.loads(path.read_text(encoding="utf-8"))
            for task in report["tasks"]:
                found[report["data"]["name"], task].append(report)
    return dict(found)


def cell(reports: Sequence[dict[str, Any]], task: str, metric: str) -> str:
    """One metric over the seeds: value, and spread or interval."""
    estimates = [report["tasks"][task]["test"]["metrics"].get(metric) for report in reports]
    if any(estimate is None or estimate["value"] is None for estimate in estimates):
        return "–"
    values = [estimate["value"] for estimate in estimates]
    first = estimates[0]
    spread = f" ± {(max(values) - min(values)) / 2:.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{spread} ({first['low']:.3f}–{first['high']:.3f})"


def row(key: tuple[str, str], reports: Sequence[dict[str, Any]], floor: dict[str, Any]) -> str:
    """One line of the table."""
    data, task = key
    runs = [report["run"] for report in reports]
    estimates = reports[0]["tasks"][task]["test"]["metrics"]
    size = estimates["macro_f1"]["n"]
    seconds = statistics.mean(run["train_seconds"] for run in runs)
    cells = [f"{data} / {task}", str(size), ", ".join(str(run["seed"]) for run in runs)]
    cells += [cell(reports, task, metric) for metric in SHOWN]
    known = [f"{name} {floor[name]:.3f}" for name in SHOWN if name in floor]
    return "| " + " | ".join([*cells, " · ".join(known) or "–", f"{seconds:,.0f}"]) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--floors", type=Path)
    args = parser.parse_args()
    floors = read_floors(args.floors)
    names = ["data / task", "test rows", "seeds", *SHOWN, "linear floor, same rows", "training seconds"]
    print(head(names))
    for key, reports in read_runs(args.runs).items():
        print(row(key, reports, floors.get((*key, "all"), [{}])[0]))


if __name__ == "__main__":
    main()
