"""How a field of a schema is declared: default, help text and limits on one line."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import field
from typing import Any


def setting(
    default: Any,
    help: str,
    *,
    choices: Sequence[str] = (),
    least: float | None = None,
    most: float | None = None,
) -> Any:
    """A dataclass field with its help text and the values it may take.

    choices: the only strings allowed. least, most: inclusive limits of a number.
    """
    metadata = {"help": help, "choices": tuple(choices), "least": least, "most": most}
    if isinstance(default, list | dict):
        return field(default_factory=lambda: copy.deepcopy(default), metadata=metadata)
    return field(default=default, metadata=metadata)
