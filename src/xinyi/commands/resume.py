"""`xinyi resume RUN`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xinyi.cli import parser


def main(arguments: Sequence[str]) -> int:
    """Exit code 0, or with gate.enforce=true the verdict's."""
    p = parser("resume", "Go on with a run that was stopped or killed.")
    p.add_argument("run", type=Path, help="the run folder, under runs/")
    p.add_argument("--trust-remote-code", action="store_true", help="run code from the hub if config.yaml asks for it")
    args = p.parse_args(arguments)
    from xinyi.pipeline.offspring import follow_parent

    follow_parent()
    from xinyi.commands.screen import show_outcome, show_pretrained
    from xinyi.pipeline.folder import RunFolder
    from xinyi.pipeline.pretrain import Pretrained
    from xinyi.pipeline.resume import resume, run_config

    outcome = resume(args.run, args.trust_remote_code)
    if isinstance(outcome, Pretrained):
        return show_pretrained(outcome)
    return show_outcome(outcome, enforce=run_config(RunFolder(args.run), trust=True).gate.enforce)
