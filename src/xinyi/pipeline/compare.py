"""`xinyi compare`: runs side by side on the rows that they all answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xinyi import gates
from xinyi.errors import BundleError, describe
from xinyi.evaluation.compare.build import Side, compare
from xinyi.evaluation.compare.pages import render_console, render_markdown
from xinyi.evaluation.predictions import read_predictions
from xinyi.evaluation.storage import write_texts
from xinyi.text import prepare


def compare_runs(paths: Sequence[Path], split: str = "test", examples: int = 3, output: Path | None = None) -> str:
    """Compare each further run with the first; returns the screen's text.

    Args:
        paths: run folders, bundles or report files; the first run that has its texts lends them for the examples.
        output: folder for compare.json and compare.md; None writes nothing.

    Raises:
        BundleError: a run cannot be read, or they did not answer the same rows.
    """
    found = compare([_side(path, split) for path in paths], split, examples)
    if output is not None:
        contents = {
            "compare.json": json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
            "compare.md": render_markdown(found),
        }
        write_texts(contents, output, "comparison cannot be written")
    return render_console(found)


def _side(path: Path, split: str) -> Side:
    report, answers = gates.read_report(path), gates.report_answers(path)
    file = gates.report_file(path)
    if answers is None:
        remedy = "evaluate again with this version"
        raise BundleError([describe("answers.npz beside the report", "none", remedy, str(file.parent))])
    _check_digests(report, answers, file)
    stored = file.parent.parent / "predictions" / f"{split}.parquet"
    texts: dict[str, Any] = {}
    if stored.is_file():
        # Stored texts are masked already unless that was switched off: what is shown is masked in any case.
        texts[split] = [prepare(text, masking=True) for text in read_predictions(stored).texts]
    return Side(str((report.get("run") or {}).get("name") or path), report, answers, texts)


def _check_digests(report: dict[str, Any], answers: dict[str, Any], file: Path) -> None:
    """Raise BundleError unless the answers are those that the report was made from."""
    told = report.get("answers") or {}
    if stray := [name for name, split in answers.items() if told.get(name) != split.digest()]:
        expected = f"the answers that the report was made from ({', '.join(stray)})"
        raise BundleError([describe(expected, "others", "evaluate again", str(file.parent))])
