"""The only classes a configuration may name in `_target_`.

Hydra can import and call nearly anything by name (`os.system` included), so every `_target_` in a configuration is
looked up in this table, and instantiation goes through it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xinyi.errors import ConfigError, describe

ALLOWED = (
    "torch.optim.AdamW",
    "torch.optim.Adam",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.SGD",
    "xinyi.training.muon.MuonAdamW",
)
# What Hydra itself may instantiate from its own section: how runs of a sweep are started.
HYDRA_ALLOWED = (
    "hydra._internal.core_plugins.basic_launcher.BasicLauncher",
    "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
    "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher",
    "hydra_plugins.hydra_submitit_launcher.submitit_launcher.LocalLauncher",
    "hydra_plugins.hydra_submitit_launcher.submitit_launcher.SlurmLauncher",
)
# logging.config.dictConfig imports these two by name as well; `()` is called with whatever stands beside it.
_LOGGING = {"()": (), "class": ("logging.StreamHandler", "logging.FileHandler")}


def problems(node: Any, where: str = "", allowed: Sequence[str] = ALLOWED) -> Iterator[str]:
    """Every `_target_` in the tree that is not allowed."""
    yield from _named(node, where, {"_target_": tuple(allowed)})


def hydra_problems(node: Any) -> Iterator[str]:
    """The same for Hydra's own section, unresolved: callbacks, launchers, sweepers and logging."""
    yield from _named(node, "hydra", {"_target_": HYDRA_ALLOWED, **_LOGGING})
    launcher = node.get("launcher") if isinstance(node, Mapping) else None
    if isinstance(launcher, Mapping):
        yield from _shell_problems(launcher)


def _shell_problems(launcher: Mapping[str, Any]) -> Iterator[str]:
    """What a launcher for SLURM would write into a shell script."""
    if launcher.get("setup"):
        remedy = "prepare the shell before you start the sweep: its jobs inherit the environment"
        yield describe("no shell commands", repr(launcher["setup"]), remedy, "hydra.launcher.setup")
    extra = launcher.get("additional_parameters")
    for key, value in [*launcher.items(), *(extra.items() if isinstance(extra, Mapping) else ())]:
        if any("\n" in str(text) for text in (key, value)):
            yield describe("one line", repr(value), "write it on one line", f"hydra.launcher.{key}")


def _named(node: Any, where: str, tables: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            path = f"{where}.{key}" if where else str(key)
            if key in tables and value not in tables[key]:
                yield _refused(path, value, tables[key])
            yield from _named(value, path, tables)
    elif isinstance(node, list | tuple):
        for i, value in enumerate(node):
            yield from _named(value, f"{where}[{i}]", tables)


def _refused(path: str, value: Any, allowed: Sequence[str]) -> str:
    if not allowed:
        return describe("no such key", repr(value), "remove it", path)
    return describe(f"one of {', '.join(allowed)}", repr(value), "choose one of them", path)


def resolve(target: str) -> Any:
    """The allowed class of that name.

    Raises:
        ConfigError: the name is not in the table.
    """
    if found := list(problems({"_target_": target})):
        raise ConfigError(found)
    from hydra.utils import get_class

    return get_class(target)
