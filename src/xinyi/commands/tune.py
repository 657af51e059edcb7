"""`xinyi tune trials=N 'space.KEY=…' [output=DIR] [overrides]`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from xinyi.errors import ConfigError, describe

_USAGE = """usage: xinyi tune trials=N 'space.KEY=…' … [output=DIR] [overrides]

Search for settings by the validation rows' primary metric.

  xinyi tune trials=20 'space.optim.lr=log(1e-4,2e-3)' 'space.recipe=[plain,fgm,ema]' task=sentiment
  xinyi tune trials=40 'space.trainer.epochs=int(2,8)' output=runs/mine experiment=massive_zh_cn data.root=FOLDER

space.KEY=log(a,b), uniform(a,b), int(a,b) or [a,b,…]. The best is written as an experiment:
  xinyi train --config-dir DIR experiment=best …
A search that was stopped goes on with the same command and output=DIR."""


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; 2 when the space is wrong or trials failed; 130 when it was stopped."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_USAGE)
        return 0 if arguments else 2
    from xinyi.commands.going_on import going_on
    from xinyi.config.arguments import split_arguments
    from xinyi.pipeline.search_space import PREFIX, parse_space
    from xinyi.pipeline.tune import Tuning, tune

    space = [item for item in arguments if item.startswith(PREFIX)]
    own = dict(item.split("=", 1) for item in arguments if item.startswith(("trials=", "output=")))
    given = split_arguments([a for a in arguments if a not in space and not a.startswith(("trials=", "output="))])
    if not own.get("trials", "").isdecimal() or own["trials"] == "0":
        got = own.get("trials", "none")
        raise ConfigError([describe("a number of trials", got, "set trials=20", "trials")])
    folder = Path(own.get("output") or f"runs/{datetime.now():%Y-%m-%d_%H%M%S}_tune")
    tuning = Tuning(tuple(parse_space(space)), int(own["trials"]), folder, tuple(given.overrides), 7, given.config_dir)
    with going_on("tune", arguments, folder):
        study = tune(tuning)
    print(f"\nbest     {study.best_value:.4f} on validation rows, trial {study.best_trial.number}")
    for key, value in study.best_params.items():
        print(f"         {key}={value}")
    print(f"trials   {folder / 'trials.db'}\nnext     xinyi train --config-dir {folder} experiment=best …")
    return 0
