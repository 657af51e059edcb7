"""`xinyi pretrain [overrides]`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from xinyi.errors import ConfigError, describe

_USAGE = """usage: xinyi pretrain [--config-dir DIR] [--cfg job] [overrides]

Train an encoder on text without labels: go on from a backbone, or begin from random weights.

  xinyi pretrain data.files=[messages.txt]                            from the embedded encoder, 10 minutes
  xinyi pretrain data.files=[a.jsonl.gz] data.column=content backbone=local backbone.path=DIR
  xinyi pretrain pretraining=embedded data.files=['corpus/*.txt.xz']  from scratch
  xinyi train backbone=own backbone.path=RUN/model                    fine-tune the result

Groups: corpus (fills the key data), backbone, pretraining, tracking. All keys: docs/configuration.md, or --cfg job.
A run that was stopped goes on by: xinyi resume RUN"""


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the budget is used up; 2 for a wrong configuration or text that cannot be used."""
    from xinyi.config.arguments import split_arguments

    given = split_arguments(arguments)
    if "--help" in given.flags or "-h" in given.flags:
        print(_USAGE)
        return 0
    if given.flags and given.flags not in (["--cfg", "job"], ["-c", "job"], ["--cfg=job"]):
        raise ConfigError([describe("--cfg job, --config-dir DIR or --help", given.flags, "leave it out", "pretrain")])
    from xinyi.config.compose import load
    from xinyi.config.roots import PRETRAIN

    config = load(given.overrides, given.config_dir, PRETRAIN)
    if given.flags:
        import yaml

        print(yaml.safe_dump(asdict(config), allow_unicode=True, sort_keys=False), end="")
        return 0
    from xinyi.commands.screen import show_pretrained
    from xinyi.pipeline.pretrain import pretrain
    from xinyi.pipeline.together import check_launch

    several = config.pretraining.processes
    check_launch(several, 1, several > 1, "pretraining.processes")
    root = Path(config.runs) / f"{datetime.now():%Y-%m-%d_%H%M%S}_{config.name}"
    return show_pretrained(pretrain(config, root, f"xinyi pretrain {shlex.join(arguments)}"))
