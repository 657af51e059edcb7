"""Schemas and generated configurations for the tests of config/."""

from __future__ import annotations

import copy
import dataclasses
import functools
import types
from dataclasses import dataclass, field
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import strategies as st

from xinyi.config.compose import load, plain, typed
from xinyi.config.schema import GROUPS, TrainConfig
from xinyi.config.schema.fields import setting
from xinyi.errors import ConfigError


@dataclass
class Inner:
    """A nested section."""

    rate: float = setting(0.5, "a share", least=0.0, most=1.0)
    words: list[str] = setting([], "texts")


@dataclass
class Outer:
    """One field of each type that the schemas use."""

    count: int = setting(1, "a number", least=1)
    flag: bool = setting(False, "a switch")
    kind: str = setting("a", "a choice", choices=("a", "b"))
    limit: int | None = setting(None, "may be missing", least=1)
    files: str | list[str] | None = setting(None, "one or several")
    map: dict[str, dict[str, str]] = setting({}, "nested mappings")
    free: list[dict[str, Any]] = setting([], "anything")
    inner: Inner = field(default_factory=Inner)
    named: dict[str, Inner] = field(default_factory=dict)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=6)
_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def configurations(schema: type) -> st.SearchStrategy[Any]:
    """Objects of a schema with every field within its type and limits."""
    hints = get_type_hints(schema)
    return st.builds(schema, **{f.name: _values(hints[f.name], f.metadata) for f in dataclasses.fields(schema)})


def _values(hint: Any, metadata: Any) -> st.SearchStrategy[Any]:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return st.one_of(*(_values(option, metadata) for option in inner))
    if origin is list:
        return st.lists(_values(inner[0], {}), max_size=2)
    if origin is dict:
        return st.dictionaries(TEXTS, _values(inner[1], {}), max_size=2)
    if dataclasses.is_dataclass(hint):
        return configurations(hint)
    if hint is str:
        return st.sampled_from(metadata["choices"]) if metadata.get("choices") else TEXTS
    least, most = metadata.get("least"), metadata.get("most")
    if hint is float:
        return st.floats(least, most, allow_nan=False, allow_infinity=False)
    whole = st.integers(*(None if limit is None else int(limit) for limit in (least, most)))
    return {int: whole, bool: st.booleans(), types.NoneType: st.none(), Any: _PLAIN}[hint]


def scalars(schema: type, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Paths of the fields that hold one number, switch or text, nested sections included."""
    found, hints = [], get_type_hints(schema)
    for f in dataclasses.fields(schema):
        if dataclasses.is_dataclass(hints[f.name]):
            found += scalars(hints[f.name], (*path, f.name))
        elif hints[f.name] in (int, float, bool, str):
            found.append((*path, f.name))
    return found


@functools.cache
def _base(*choices: str) -> dict[str, Any]:
    return plain(choices)


def quick(*overrides: str) -> TrainConfig:
    """As `load`, with the values put in by hand: composing takes a fifth of a second, this does not."""
    parsed = [OverridesParser.create().parse_override(text) for text in overrides]
    raw = copy.deepcopy(_base(*(o.input_line for o in parsed if o.key_or_group in GROUPS)))
    for override in parsed:
        if override.key_or_group not in GROUPS:
            *path, last = override.key_or_group.split(".")
            functools.reduce(lambda node, key: node[key], path, raw)[last] = override.value()
    return typed(raw)


def quickly_refused(*overrides: str) -> list[str]:
    """The problems that `quick` must end with."""
    with pytest.raises(ConfigError) as caught:
        quick(*overrides)
    return caught.value.problems


def refused(*overrides: str, config_dir: Any = None) -> list[str]:
    """The problems that loading must end with."""
    with pytest.raises(ConfigError) as caught:
        load(list(overrides), config_dir)
    return caught.value.problems
