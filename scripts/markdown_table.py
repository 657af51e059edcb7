"""What the scripts that print tables of results share."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def read_floors(path: Path | None) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    """(data, task, training rows) → the lines that scripts/linear_floor.py wrote, by seed; nothing without a file."""
    floors: dict[tuple[str, str, str], dict[int, dict[str, Any]]] = defaultdict(dict)
    for line in path.read_text(encoding="utf-8").splitlines() if path else ():
        floor = json.loads(line)
        floors[floor["data"], floor["task"], floor.get("rows", "all")][floor.get("seed", 0)] = floor
    return {key: list(lines.values()) for key, lines in floors.items()}


def head(names: Sequence[str]) -> str:
    """The first two lines of a table."""
    return "| " + " | ".join(names) + " |\n|" + "---|" * len(names)
