"""`xinyi verify BUNDLE`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xinyi.cli import ANY_VERSION, parser


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the bundle proves itself, 1 when anything differs."""
    p = parser("verify", "Check a bundle's files and replay its golden rows in every format.")
    p.add_argument("bundle", type=Path)
    p.add_argument("--key", type=Path, help="public key (PEM) of the signer; fails without a signature of it")
    p.add_argument("--trust-programs", action="store_true", help="replay model.pt2 too, which can run code")
    p.add_argument("--any-version", action="store_true", help=ANY_VERSION)
    args = p.parse_args(arguments)
    from xinyi.runtime.verify import prove

    unsigned = _signature_problems(args.bundle, args.key)
    trusted = args.trust_programs or (args.key is not None and not unsigned)
    proof = prove(args.bundle, lambda: _torch_scorers(trusted), strict=not args.any_version)
    proof.problems += unsigned
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


def _signature_problems(bundle: Path, key: Path | None) -> list[str]:
    """What the signature lacks; nothing where no key was given, or there is no bundle."""
    if key is None or not (bundle / "manifest.json").is_file():
        return []
    from xinyi.runtime.signature import signature_problems

    return signature_problems(bundle, key)


def _torch_scorers(programs: bool) -> dict[str, Any]:
    """How formats are asked that need torch; none where it is not installed."""
    try:
        from xinyi.export.formats import torch_scorers
    except ModuleNotFoundError:
        return {}
    return torch_scorers(programs)
