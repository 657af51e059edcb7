"""Writing a verdict's three files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xinyi.evaluation.storage import write_texts
from xinyi.gates.junit import render_junit
from xinyi.gates.markdown import render_markdown


def write(gate: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Write gate.json, gate.xml (JUnit) and gate.md into `folder`, each beside first, then renamed.

    Returns: file name → path. Raises BundleError when a file cannot be written.
    """
    contents = {
        "gate.json": json.dumps(gate, ensure_ascii=False, indent=2, allow_nan=False) + "\n",
        "gate.xml": render_junit(gate),
        "gate.md": render_markdown(gate),
    }
    return write_texts(contents, folder, "verdict cannot be written")
