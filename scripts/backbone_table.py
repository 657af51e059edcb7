"""A Markdown table of the runs of scripts/compare_backbones.py beside the linear floors, for docs/results.md.

    python scripts/backbone_table.py --floors floors.jsonl runs/compare

One line a data set, number of training rows and backbone, the floor last: mean and standard deviation over the seeds.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

from markdown_table import head, read_floors

SHOWN = ("macro_f1", "accuracy", "micro_f1", "quadratic_kappa")
Key = tuple[str, str, str]
Runs = dict[str, list[dict[str, Any]]]


def read(folder: Path) -> dict[Key, Runs]:
    """(experiment, rows, task) → backbone → for each seed its metrics and seconds."""
    found: dict[Key, Runs] = defaultdict(lambda: defaultdict(list))
    for path in sorted(folder.glob("*/report/report.json")):
        experiment, rows, backbone, _ = path.parent.parent.name.rsplit("-", 3)
        report = json.loads(path.read_text(encoding="utf-8"))
        for task, splits in report["tasks"].items():
            values = {name: metric["value"] for name, metric in splits["test"]["metrics"].items()}
            row = {**values, "n": splits["test"]["rows"], "seconds": report["run"]["train_seconds"]}
            found[experiment, rows, task][backbone].append(row)
    return dict(found)


def spread(rows: list[dict[str, Any]], metric: str) -> str:
    """Mean ± standard deviation over the seeds."""
    values = [row.get(metric) for row in rows]
    if any(value is None for value in values):
        return "–"
    deviation = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{deviation}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--floors", type=Path)
    args = parser.parse_args()
    floors = read_floors(args.floors)
    names = ["data / task", "training rows", "backbone", "seeds", "test rows", *SHOWN, "seconds"]
    print(head(names))
    for (experiment, rows, task), backbones in read(args.folder).items():
        named = [f"{experiment} / {task}", rows]
        for backbone, found in backbones.items():
            print(line([*named, backbone], found, f"{statistics.mean(row['seconds'] for row in found):,.0f}"))
        if floor := floors.get((experiment, task, rows)):
            print(line([*named, "linear floor"], floor, "–"))


def line(named: list[str], found: list[dict[str, Any]], seconds: str) -> str:
    """One line of the table."""
    cells = [*named, str(len(found)), str(found[0]["n"])]
    return "| " + " | ".join([*cells, *(spread(found, metric) for metric in SHOWN), seconds]) + " |"


if __name__ == "__main__":
    main()
