"""The configurations that a command composes: which YAML, which schema, which groups, which checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xinyi.config.cross import cross_problems
from xinyi.config.cross_pretrain import pretrain_problems
from xinyi.config.schema import GROUPS, TrainConfig
from xinyi.config.schema.pretrain import PRETRAIN_GROUPS, PretrainConfig


@dataclass(frozen=True)
class Root:
    """One composition.

    name: of the YAML in conf/. base: what that YAML calls the schema's defaults. groups: choices on the command line.
    cross: problems between settings, given all of them as plain values.
    """

    name: str
    base: str
    schema: type
    groups: tuple[str, ...]
    cross: Callable[[Mapping[str, Any]], list[str]]


TRAIN = Root("train", "schema", TrainConfig, GROUPS, cross_problems)
PRETRAIN = Root("pretrain", "pretrain_schema", PretrainConfig, PRETRAIN_GROUPS, pretrain_problems)
ROOTS = (TRAIN, PRETRAIN)
