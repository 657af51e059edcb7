"""`xinyi evaluate RUN_OR_BUNDLE [overrides]`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xinyi.cli import ANY_VERSION, parser


def main(arguments: Sequence[str]) -> int:
    """Exit code 0."""
    p = parser("evaluate", "Predictions and a report of a run or bundle, on its own or any other labelled data.")
    p.add_argument("target", type=Path, help="run folder or bundle")
    p.add_argument("overrides", nargs="*", help="data.test=FILE data.text=COLUMN data.labels.<task>=COLUMN …")
    p.add_argument("--output", type=Path, help="folder for the report; default: a new one under runs/")
    p.add_argument("--any-version", action="store_true", help=ANY_VERSION)
    args = p.parse_args(arguments)
    from xinyi.evaluation.report.words import headline
    from xinyi.pipeline.evaluate import evaluate

    report, folder = evaluate(args.target, args.overrides, args.output, strict=not args.any_version)
    print(*headline(report), sep="\n")
    print(f"report   {folder / 'report' / 'report.html'}")
    return 0
