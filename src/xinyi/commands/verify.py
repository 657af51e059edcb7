"""`xinyi verify BUNDLE`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from xinyi.cli import parser


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the bundle proves itself, 1 when anything differs."""
    p = parser("verify", "Check a bundle's files and replay its golden rows.")
    p.add_argument("bundle", type=Path)
    args = p.parse_args(arguments)
    from xinyi.runtime import verify

    problems = verify(args.bundle)
    if problems:
        found = [f"  - {text}" for text in problems]
        print(f"{args.bundle}: differs ({len(problems)}):", *found, sep="\n", file=sys.stderr)
        return 1
    print(f"{args.bundle}: as exported")
    return 0
