"""Finding and reading a report: a file, a run folder or a bundle folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from xinyi.errors import BundleError, describe
from xinyi.evaluation.answers import SplitAnswers, read_answers
from xinyi.evaluation.schema import shape_problems

PLACES = ("report/report.json", "report.json")


def read_report(path: Path) -> dict[str, Any]:
    """The content of a report.json, given itself, its run folder or a bundle folder.

    A NaN inside is read as NaN: the rule that looks at it fails and names it.

    Raises BundleError when there is none, it is not JSON, or it is no report of this schema version.
    """
    file = report_file(path)
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problem = describe("a JSON file in UTF-8", f"{type(error).__name__}", "evaluate again", str(file))
        raise BundleError([problem]) from error
    if problems := list(shape_problems(report)):
        raise BundleError(problems, title=f"{file} is no usable report")
    return report


def report_file(path: Path) -> Path:
    """Where the report.json is. Raises BundleError when there is none."""
    path = Path(path)
    if path.is_file():
        return path
    for place in PLACES:
        if (path / place).is_file():
            return path / place
    expected = "a report.json, or a folder with report/report.json"
    got = "no such file or folder" if not path.exists() else "a folder without one"
    raise BundleError([describe(expected, got, "give a report, a run or a bundle", str(path))])


def report_answers(path: Path) -> dict[str, SplitAnswers] | None:
    """The answers beside a report (see `evaluation.answers`); None when there are none. Raises BundleError."""
    return read_answers(report_file(path).parent)


def report_sha256(path: Path) -> str:
    """SHA-256 of the report.json's bytes, to tie a verdict to it."""
    return hashlib.sha256(report_file(path).read_bytes()).hexdigest()
