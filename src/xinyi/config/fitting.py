"""Whether a plain value can stand in a field of some type, and if not, where exactly and why."""

from __future__ import annotations

import dataclasses
import reprlib
import types
from collections.abc import Iterator, Mapping
from typing import Any, Union, get_args, get_origin

from xinyi.errors import describe

_WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxdict = 2, 3, 3


def fits(value: Any, hint: Any) -> bool:
    """Whether a plain value can stand in a field of this type. Of a nested dataclass only the outer shape counts."""
    origin = get_origin(hint)
    if hint is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(fits(value, option) for option in get_args(hint))
    if hint is types.NoneType:
        return value is None
    if origin is list:
        return isinstance(value, list) and all(fits(item, get_args(hint)[0]) for item in value)
    if origin is dict:
        return isinstance(value, Mapping) and all(_key(k) and fits(v, get_args(hint)[1]) for k, v in value.items())
    if dataclasses.is_dataclass(hint):
        return isinstance(value, Mapping)
    return _scalar_fits(value, hint)


def misfits(value: Any, hint: Any, path: str) -> Iterator[str]:
    """What does not fit, item by item in lists and mappings."""
    if fits(value, hint):
        return
    for option in _options(hint):
        origin, inner = get_origin(option), get_args(option)
        if origin is list and isinstance(value, list):
            for place, item in enumerate(value):
                yield from misfits(item, inner[0], f"{path}[{place}]")
            return
        if origin is dict and isinstance(value, Mapping):
            for key, item in value.items():
                if not _key(key):
                    yield describe("a text as key", repr(key), 'put it in quotes, as in "yes"', path)
                yield from misfits(item, inner[1], f"{path}.{key}")
            return
    yield describe(_wanted(hint), _SHORT.repr(value), f"correct {path}", path)


def nested(hint: Any) -> type | None:
    """The dataclass of a field's values when they have one: DC, DC | None, dict[str, DC]."""
    for option in (hint, *get_args(hint)):
        if dataclasses.is_dataclass(option):
            return option
    return None


def _options(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _key(key: Any) -> bool:
    """YAML reads yes, no, on, off and ~ as other things than words; such a key would silently name something else."""
    return not isinstance(key, bool) and isinstance(key, str | int | float)


def _scalar_fits(value: Any, hint: type) -> bool:
    if hint is bool or isinstance(value, bool):
        return hint is bool and isinstance(value, bool)
    if hint is float:
        return isinstance(value, int | float)
    # A column or label named 1 is a number in YAML; as a text it means the same.
    return isinstance(value, int | float | str) if hint is str else isinstance(value, hint)


def _wanted(hint: Any) -> str:
    """A field's type in words."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(_wanted(option) for option in get_args(hint))
    if hint is types.NoneType:
        return "null"
    if origin is list:
        return f"a list with {_wanted(get_args(hint)[0])} in each place"
    if origin is dict or dataclasses.is_dataclass(hint):
        return "keys with values"
    return _WORDS.get(hint, "a value")
