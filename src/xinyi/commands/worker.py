"""`xinyi worker RUN`: started by data-parallel training for each further process, not by people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xinyi.cli import parser


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when training ended."""
    from xinyi.pipeline.worker import join

    p = parser("worker", "A further process of data-parallel training.")
    p.add_argument("run", type=Path)
    join(p.parse_args(arguments).run)
    return 0
