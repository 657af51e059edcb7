"""The last lines of a run."""

from __future__ import annotations

from xinyi.evaluation.report.words import headline
from xinyi.gates import render_console
from xinyi.pipeline.pretrain import Pretrained
from xinyi.pipeline.train import Outcome


def show_outcome(outcome: Outcome, enforce: bool) -> int:
    """Print what came out and where it lies; the exit code."""
    print()
    for line in headline(outcome.report):
        print(line)
    if outcome.gate is not None:
        print()
        print(render_console(outcome.gate))
    print()
    print(f"run      {outcome.folder.root}")
    print(f"report   {outcome.folder.report / 'report.html'}")
    print(f"MLflow   {outcome.link or 'none: tracking.enabled=false'}")
    if outcome.runs_link:
        print(f"compare  {outcome.runs_link}")
    print(f"verdict  {outcome.gate['verdict'] if outcome.gate else 'none: no rules'}")
    print(f"bundle   {outcome.bundle or 'none: export.enabled=false'}")
    return outcome.gate["exit_code"] if enforce and outcome.gate else 0


def show_pretrained(done: Pretrained) -> int:
    """Print what pretraining left; exit code 0."""
    print()
    if done.held_out:
        print(f"held out {done.held_out['accuracy']:.1%} of masked tokens right, loss {done.held_out['loss']:.3f}")
    print(f"tokens   {done.tokens:,}")
    print(f"model    {done.model}")
    print(f"MLflow   {done.link or 'none: tracking.enabled=false'}")
    print(f"next     xinyi train backbone={done.backbone} backbone.path={done.model}")
    return 0
