"""`xinyi verify BUNDLE`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xinyi.cli import parser


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the bundle proves itself, 1 when anything differs."""
    p = parser("verify", "Check a bundle's files and replay its golden rows in every format.")
    p.add_argument("bundle", type=Path)
    p.add_argument("--key", type=Path, help="public key (PEM) of the signer; fails without a signature of it")
    args = p.parse_args(arguments)
    from xinyi.runtime.verify import prove

    proof = prove(args.bundle, _torch_scorers)
    if args.key:
        from xinyi.runtime.signature import signature_problems

        proof.problems += signature_problems(args.bundle, args.key)
    for name, difference in proof.replayed.items():
        print(f"{name:12} golden rows replayed, largest difference {difference:.1e}")
    for name, why in proof.unproved.items():
        print(f"{name:12} golden rows not replayed: {why}")
    if proof.problems:
        found = [f"  - {text}" for text in proof.problems]
        print(f"{args.bundle}: differs ({len(proof.problems)}):", *found, sep="\n", file=sys.stderr)
        return 1
    print(f"{args.bundle}: as exported")
    return 0


def _torch_scorers() -> dict[str, Any]:
    """How formats are asked that need torch; none where it is not installed."""
    try:
        from xinyi.export.formats import torch_scorers
    except ModuleNotFoundError:
        return {}
    return torch_scorers()
