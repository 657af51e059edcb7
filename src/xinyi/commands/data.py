"""`xinyi data check [overrides]` and `xinyi data mask --input F --output F`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from xinyi.cli import parser
from xinyi.errors import ConfigError, describe


def main(arguments: Sequence[str]) -> int:
    """Runs the named subcommand."""
    commands = {"check": _check, "mask": _mask}
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: xinyi data check [overrides] | xinyi data mask --input F --output F [--text-column C]")
        return 0 if arguments else 2
    if arguments[0] not in commands:
        raise ConfigError([describe("check or mask", repr(arguments[0]), "see xinyi data --help", "data")])
    return commands[arguments[0]](arguments[1:])


def _check(arguments: Sequence[str]) -> int:
    """Exit code 0; 1 when a finding is over its limit; 2 when the data cannot be used."""
    from xinyi.config.arguments import split_arguments
    from xinyi.pipeline.check_data import check_data, lines

    if arguments and arguments[0] in ("-h", "--help"):
        print("usage: xinyi data check [overrides]: read, check and profile data, no training; see xinyi train --help")
        print("exit codes: 0 in order, 1 a finding is over its limit, 2 the data cannot be used")
        return 0
    given = split_arguments(arguments)
    summary, outcome, folder = check_data(given.overrides, given.config_dir)
    print(*lines(summary, outcome, folder), sep="\n")
    return int(outcome.failed)


def _mask(arguments: Sequence[str]) -> int:
    """Exit code 0; 2 when the file cannot be used."""
    from xinyi.runtime.mask_file import mask_file

    p = parser("data mask", "Replace personal data in one column by typed placeholders such as [手机号].")
    p.add_argument("--input", required=True, type=Path, help="csv, tsv or jsonl file")
    p.add_argument("--output", required=True, type=Path, help="csv, tsv or jsonl file")
    p.add_argument("--text-column", default="text", help="column to mask (default: text)")
    args = p.parse_args(arguments)
    rows, counts = mask_file(args.input, args.output, args.text_column)
    shown = ", ".join(f"{kind} {n:,}" for kind, n in sorted(counts.items())) or "none found"
    print(f"{rows:,} rows → {args.output}; masked: {shown}", file=sys.stderr)
    return 0
