"""`xinyi replay RUN`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xinyi.cli import parser

# Differing numbers on the screen; replay.json has all.
SHOWN = 10


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 the same numbers, 1 others, 2 cannot be replayed."""
    p = parser("replay", "Repeat a past run from its record and say whether the numbers are the same.")
    p.add_argument("run", type=Path, help="folder of a finished run")
    p.add_argument("--output", type=Path, help="the new run folder (default: beside the old one)")
    p.add_argument("--tracking", action="store_true", help="log the replay to MLflow, as the run was")
    p.add_argument("--trust-remote-code", action="store_true", help="run code from the hub if the record asks for it")
    args = p.parse_args(arguments)
    from xinyi.pipeline.replay import replay

    result = replay(args.run, args.output, args.tracking, args.trust_remote_code)
    print("\n".join(lines(result)))
    return 0 if result["same"] else 1


def lines(result: Mapping[str, Any]) -> list[str]:
    """What the screen shows of a comparison."""
    weights = {True: "the same bit for bit", False: "differ", None: "not in the record"}[result["weights"]["same"]]
    found = [f"replay   {'the same' if result['same'] else 'DIFFERENT'}: {result['compared']} numbers compared"]
    found += [f"weights  {weights}"]
    if first := result["first"]:
        found += [f"first    epoch {first['epoch']}, step {first['step']}: {_pair(first['metric'], first)}"]
    found += [f"differs  {_pair(one['where'], one)}" for one in result["differences"][:SHOWN]]
    if (more := len(result["differences"]) - SHOWN) > 0:
        found += [f"         and {more} more in replay.json"]
    found += [f"reason?  {_pair(one['where'], one)}" for one in result["reasons"]]
    return [*found, f"run      {result['folder']}"]


def _pair(name: str, one: Mapping[str, Any]) -> str:
    return f"{name} was {one['before']}, is {one['after']}"
