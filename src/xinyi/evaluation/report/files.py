"""Writing a report's three files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xinyi.evaluation.report.page_html import render_html
from xinyi.evaluation.report.page_markdown import render_markdown
from xinyi.evaluation.schema import validate
from xinyi.evaluation.storage import write_texts

UNWRITABLE = "report cannot be written"


def write(report: Mapping[str, Any], folder: Path, gate: Mapping[str, Any] | None = None) -> dict[str, Path]:
    """Write report.json, report.md and report.html into `folder`, each beside first, then renamed.

    Args:
        gate: the content of gate.json; both pages then open with the verdict.

    Returns: file name → path. Raises BundleError when the report is not valid or a file cannot be written.
    """
    validate(report)
    content = {"report.json": json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False) + "\n"}
    return write_texts(content, folder, UNWRITABLE) | write_pages(report, folder, gate)


def write_pages(report: Mapping[str, Any], folder: Path, gate: Mapping[str, Any] | None = None) -> dict[str, Path]:
    """The two pages alone, of a report whose report.json stays as it is. See `write`."""
    validate(report)
    contents = {"report.md": render_markdown(report, gate), "report.html": render_html(report, gate)}
    return write_texts(contents, folder, UNWRITABLE)
