"""`xinyi predict BUNDLE --input F --output F`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from xinyi.cli import parser


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; rows that could not be read carry an error column."""
    p = parser("predict", "Answer the messages of a file; keeps all columns and the order of rows.")
    p.add_argument("bundle", type=Path)
    p.add_argument("--input", required=True, help="csv, tsv or jsonl file; - for jsonl on standard input")
    p.add_argument("--output", required=True, help="csv, tsv or jsonl file; - for jsonl on standard output")
    p.add_argument("--text-column", default="text", help="column with the message (default: text)")
    p.add_argument("--context-column", help="column with the turns before")
    p.add_argument("--probabilities", action="store_true", help="add a probability column for each task")
    args = p.parse_args(arguments)
    from xinyi.runtime import predict_file

    shown = _progress() if sys.stderr.isatty() else None
    done = predict_file(
        args.bundle, args.input, args.output, args.text_column, args.context_column, args.probabilities, shown
    )
    print(f"{done.rows:,} rows → {args.output}; {done.errors:,} with an error", file=sys.stderr)
    return 0


def _progress() -> Callable[[int, float | None], None]:
    """A counter that rewrites its line."""

    def show(rows: int, share: float | None) -> None:
        part = "" if share is None else f" · {share:.0%}"
        print(f"\r{rows:,} rows{part} ", end="\n" if share == 1.0 else "", file=sys.stderr, flush=True)

    return show
