"""What the scripts that print tables of results share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def read_floors(path: Path | None) -> dict[tuple[str, str], dict[str, Any]]:
    """(data, task) → the line that scripts/linear_floor.py wrote; nothing without a file."""
    floors = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path else ():
        floor = json.loads(line)
        floors[floor["data"], floor["task"]] = floor
    return floors


def head(names: Sequence[str]) -> str:
    """The first two lines of a table."""
    return "| " + " | ".join(names) + " |\n|" + "---|" * len(names)
