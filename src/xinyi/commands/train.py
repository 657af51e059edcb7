"""`xinyi train`: compose with Hydra, check everything, walk."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from xinyi.config.arguments import Arguments, split_arguments
from xinyi.errors import ConfigError, Interrupted, XinyiError, describe

if TYPE_CHECKING:
    from omegaconf import DictConfig


def main(arguments: Sequence[str]) -> int:
    """Exit code 0, or with gate.enforce=true the verdict's; of a sweep the worst.

    Raises:
        XinyiError: what ended the run. In a sweep it is shown and the next run begins.
    """
    from xinyi.config.compose import plain
    from xinyi.config.sweep import check_all
    from xinyi.pipeline.offspring import follow_parent

    follow_parent()
    given = split_arguments(arguments)
    if given.only_shows:
        plain(given.overrides, given.config_dir)
        return _shown(given)
    if given.multirun:
        _alone()
    check_all(given.overrides, given.config_dir, given.multirun)
    return _hydra(given)


def _alone() -> None:
    """Raises ConfigError where a launcher has started several processes: each run of a sweep would have to be told."""
    from xinyi.training.launch import launched

    if (launch := launched()) is not None:
        got, remedy = f"{launch.size}, started by {launch.by}", "start it without; each run starts processes of its own"
        raise ConfigError([describe("one process for a sweep", got, remedy, "launcher")])


def _shown(given: Arguments) -> int:
    """What Hydra prints, with keys as they were typed."""
    from xinyi.config.keys import decode

    page = io.StringIO()
    try:
        with contextlib.redirect_stdout(page):
            return _hydra(given)
    finally:
        print(decode(page.getvalue()), end="")


@dataclass
class _Jobs:
    """What became of the runs that Hydra started in this process."""

    process: int = field(default_factory=os.getpid)
    begun: int = 0
    codes: list[int] = field(default_factory=list)
    error: XinyiError | None = None

    def run(self, raw: DictConfig) -> int:
        """Hydra's task: one run."""
        from hydra.core.hydra_config import HydraConfig
        from omegaconf import OmegaConf

        from xinyi.config.compose import typed
        from xinyi.config.keys import decode_keys
        from xinyi.pipeline.sweep import FOLDER

        self.begun += 1
        chosen = HydraConfig.get()
        root, sweeps = Path(chosen.runtime.output_dir), chosen.mode is not None and chosen.mode.name == "MULTIRUN"
        try:
            config = typed(decode_keys(OmegaConf.to_container(raw, resolve=True)))
            # Of a study or a search each run has a process of its own, which is told where it belongs.
            belongs = str(Path(chosen.sweep.dir)) if sweeps else os.environ.get(FOLDER)
            self.codes.append(walk(config, root, belongs))
        except XinyiError as error:
            self._failed(error, root, sweeps)
        if os.getpid() != self.process and self.codes[-1]:
            raise _elsewhere(root, self.codes[-1])
        return self.codes[-1]

    def _failed(self, error: XinyiError, root: Path, sweeps: bool) -> None:
        """Keep the error: Hydra would print its own traceback, and after Ctrl-C go on with the next run of a sweep."""
        with contextlib.suppress(OSError):
            root.rmdir()  # Hydra made it; nothing is lost, for a folder with files in it stays
        self.codes.append(error.exit_code)
        if isinstance(error, Interrupted):
            self.error = error
            raise KeyboardInterrupt from error
        if sweeps:
            print(f"xinyi train: {root.name}: {error}", file=sys.stderr)
        else:
            self.error = error


def _elsewhere(root: Path, code: int) -> XinyiError:
    """What a process of a parallel launcher sends back: exceptions are all that Hydra carries over."""
    error = XinyiError(
        f"run {root.name} ended with exit code {code}; look at its own lines, above or in the sweep's .submitit/"
    )
    error.exit_code = code
    return error


def _hydra(given: Arguments) -> int:
    """Hand over to Hydra: it makes run folders, sweeps, launchers, --cfg and --help."""
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from xinyi.config.compose import explain, permissive
    from xinyi.config.groups import register
    from xinyi.config.paths import conf_dir

    jobs = _Jobs()
    register(given.config_dir)
    start = hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="train")(jobs.run)
    try:
        with _command_line([*given.flags, *permissive(given.overrides)]):
            start()
    except KeyboardInterrupt:
        raise jobs.error or KeyboardInterrupt from None
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError([explain(error)]) from error
    except OSError as error:
        if jobs.begun or isinstance(error, BrokenPipeError):
            raise
        raise ConfigError([describe("a folder to write to", error, "choose another with runs=DIR", "runs")]) from error
    if jobs.error is not None:
        raise jobs.error
    # A sweep's code is its worst: unusable, fail, undecided, pass.
    return max(jobs.codes, key=(0, 3, 1, 2).index, default=0)


@contextlib.contextmanager
def _command_line(arguments: Sequence[str]) -> Iterator[None]:
    """Hydra reads sys.argv, and prints tracebacks unless told to raise."""
    former, told = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv, os.environ["HYDRA_FULL_ERROR"] = [former[0], *arguments], "1"
    try:
        yield
    finally:
        sys.argv = former
        os.environ.pop("HYDRA_FULL_ERROR") if told is None else os.environ.update(HYDRA_FULL_ERROR=told)


def walk(config: object, root: Path, sweep: str | None = None) -> int:
    """One run; called once, or once for each run of a sweep."""
    from xinyi.commands.screen import show_outcome
    from xinyi.pipeline.sweep import parent_run
    from xinyi.pipeline.train import train

    parent = parent_run(config, Path(sweep)) if sweep else None
    outcome = train(config, root, parent)
    return show_outcome(outcome, enforce=config.gate.enforce)
