"""The only classes a configuration may name in `_target_`.

Hydra can import and call nearly anything by name (`os.system` included), so every `_target_` in a configuration is
looked up in this table, and instantiation goes through it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xinyi.errors import ConfigError, describe

ALLOWED = (
    "torch.optim.AdamW",
    "torch.optim.Adam",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.SGD",
)


def problems(node: Any, where: str = "") -> Iterator[str]:
    """Every `_target_` in the tree that is not allowed."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            path = f"{where}.{key}" if where else str(key)
            if key == "_target_" and value not in ALLOWED:
                yield describe(f"one of {', '.join(ALLOWED)}", repr(value), "choose one of them", path)
            yield from problems(value, path)
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from problems(value, f"{where}[{i}]")


def resolve(target: str) -> Any:
    """The allowed class of that name.

    Raises:
        ConfigError: the name is not in the table.
    """
    if found := list(problems({"_target_": target})):
        raise ConfigError(found)
    from hydra.utils import get_class

    return get_class(target)
