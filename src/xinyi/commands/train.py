"""`xinyi train`: compose with Hydra, check everything, walk."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from xinyi.commands.screen import show_outcome
from xinyi.config.arguments import split_arguments
from xinyi.config.sweep import check_all


def main(arguments: Sequence[str]) -> int:
    """Exit code 0, or with gate.enforce=true the verdict's."""
    given = split_arguments(arguments)
    if given.only_shows:
        return _hydra(given.flags, given.overrides, given.config_dir)
    check_all(given.overrides, given.config_dir, given.multirun)
    return _hydra(given.flags, given.overrides, given.config_dir)


def _hydra(flags: Sequence[str], overrides: Sequence[str], config_dir: Path | None) -> int:
    """Hand over to Hydra: it makes run folders, sweeps, launchers, --cfg and --help."""
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import DictConfig, OmegaConf

    from xinyi.config.compose import permissive, register, typed
    from xinyi.config.paths import conf_dir

    codes: list[int] = []

    @hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="train")
    def run(raw: DictConfig) -> int:
        chosen = HydraConfig.get()
        parent = None
        if chosen.mode is not None and chosen.mode.name == "MULTIRUN":
            parent = str(Path(chosen.sweep.dir))
        config = typed(OmegaConf.to_container(raw, resolve=True))
        codes.append(walk(config, Path(chosen.runtime.output_dir), parent))
        return codes[-1]

    register()
    directory = ["--config-dir", str(config_dir)] if config_dir else []
    former, sys.argv = sys.argv, [sys.argv[0], *flags, *directory, *permissive(overrides)]
    try:
        run()
    finally:
        sys.argv = former
    return max(codes, default=0)


def walk(config: object, root: Path, sweep: str | None = None) -> int:
    """One run; called once, or once for each run of a sweep."""
    from xinyi.pipeline.sweep import parent_run
    from xinyi.pipeline.train import train

    parent = parent_run(config, Path(sweep)) if sweep else None
    outcome = train(config, root, parent)
    return show_outcome(outcome, enforce=config.gate.enforce)
