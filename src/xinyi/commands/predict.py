"""`xinyi predict BUNDLE --input F --output F`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from xinyi.cli import ANY_VERSION, parser

KINDS = "csv, tsv, jsonl (also .gz, .bz2, .xz), parquet or xlsx file"


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; rows that could not be read carry an error column."""
    p = parser("predict", "Answer the messages of a file; keeps all columns and the order of rows.")
    p.add_argument("bundle", type=Path)
    p.add_argument("--input", required=True, help=f"{KINDS}; - for jsonl on standard input")
    p.add_argument("--output", required=True, help=f"{KINDS}; - for jsonl on standard output")
    p.add_argument("--text-column", default="text", help="column with the message (default: text)")
    p.add_argument("--context-column", help="column with the turns before")
    p.add_argument("--probabilities", action="store_true", help="add a probability column for each task")
    p.add_argument("--prefix", help="before the new columns' names (default: none, or predicted. where taken)")
    p.add_argument("--format", default="onnx", help="onnx (default), onnx_int8 or openvino")
    p.add_argument("--workers", type=int, help="pieces in work at a time (default: one a core)")
    p.add_argument("--any-version", action="store_true", help=ANY_VERSION)
    args = p.parse_args(arguments)
    from xinyi.runtime import predict_file

    done = predict_file(
        args.bundle, args.input, args.output, args.text_column, args.context_column, args.probabilities,
        _progress() if sys.stderr.isatty() else None, args.prefix, args.format, args.workers, not args.any_version,
    )  # fmt: skip
    if done.resumed:
        print(f"{done.resumed:,} rows were answered by an earlier try", file=sys.stderr)
    if done.prefix and args.prefix is None:
        print(f"the input has columns named as the new ones: these begin with {done.prefix}", file=sys.stderr)
    print(f"{done.rows:,} rows → {args.output}; {done.errors:,} with an error", file=sys.stderr)
    return 0


def _progress() -> Callable[[int, float | None], None]:
    """A line that is rewritten: a bar where the end is known, rows, rows a second, time left."""
    begun = time.monotonic()

    def show(rows: int, share: float | None) -> None:
        """Write the line anew."""
        seconds = max(time.monotonic() - begun, 1e-9)
        parts = [f"{rows:,} rows", f"{rows / seconds:,.0f} a second"]
        if share:
            left = seconds / share - seconds
            parts += [f"{int(left // 60)}:{int(left % 60):02d} left"]
            full = int(24 * share)
            parts.insert(0, f"{'█' * full}{'░' * (24 - full)} {share:4.0%}")
        print(f"\r\x1b[K{' · '.join(parts)} ", end="\n" if share == 1.0 else "", file=sys.stderr, flush=True)

    return show
