"""`xinyi compare RUN RUN…`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xinyi.cli import parser


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; 2 when the runs cannot be compared."""
    p = parser("compare", "Runs side by side: paired differences, and the rows whose answer flipped, masked.")
    p.add_argument("runs", type=Path, nargs="+", help="run folders, bundles or reports; the first is the measure")
    p.add_argument("--split", default="test", help="rows to compare on (default: test)")
    p.add_argument("--examples", type=int, default=3, help="messages shown of each group of flipped rows (default: 3)")
    p.add_argument("--output", type=Path, help="folder for compare.json and compare.md, which has the examples")
    args = p.parse_args(arguments)
    from xinyi.pipeline.compare import compare_runs

    print(compare_runs(args.runs, args.split, max(0, args.examples), args.output), end="")
    return 0
