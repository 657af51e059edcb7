"""Compare a plain configuration with its dataclass schema and list every difference at once.

OmegaConf's own typed merge stops at the first one, so the tree is walked here; the typed objects are made afterwards.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
from collections.abc import Iterator, Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

from xinyi.errors import describe

_WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def problems(raw: Mapping[str, Any], schema: type, where: str = "") -> Iterator[str]:
    """Every unknown key, wrong type and value out of its limits in `raw`, as texts."""
    hints = get_type_hints(schema)
    fields = {f.name: f for f in dataclasses.fields(schema)}
    for key, value in raw.items():
        path = f"{where}{key}"
        if key not in fields:
            yield _unknown(path, str(key), fields)
        elif not _fits(value, hints[key]):
            yield describe(_wanted(hints[key]), f"{value!r}", f"correct {path}", path)
        else:
            yield from _limits(value, fields[key].metadata, path)
            yield from _inside(value, hints[key], path)


def build(raw: Mapping[str, Any], schema: type) -> Any:
    """The schema's object for a checked configuration; nested dataclasses too."""
    hints = get_type_hints(schema)
    return schema(**{key: _convert(value, hints[key]) for key, value in raw.items()})


def _unknown(path: str, key: str, fields: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(key, fields, n=1)
    remedy = f"did you mean {near[0]}?" if near else "remove it"
    return describe(f"one of {', '.join(fields)}", f"unknown key {key!r}", remedy, path)


def _nested(hint: Any) -> type | None:
    """The dataclass of a field's values when they have one: DC, DC | None, dict[str, DC]."""
    for option in (hint, *get_args(hint)):
        if dataclasses.is_dataclass(option):
            return option
    return None


def _inside(value: Any, hint: Any, path: str) -> Iterator[str]:
    """Go on into nested dataclasses."""
    schema = _nested(hint)
    if schema is None or value is None:
        return
    if get_origin(hint) is dict:
        for key, item in value.items():
            yield from problems(item, schema, f"{path}.{key}.")
    else:
        yield from problems(value, schema, f"{path}.")


def _fits(value: Any, hint: Any) -> bool:
    """Whether a plain value can stand in a field of this type."""
    origin = get_origin(hint)
    if hint is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(_fits(value, option) for option in get_args(hint))
    if hint is types.NoneType:
        return value is None
    if origin is list:
        return isinstance(value, list) and all(_fits(item, get_args(hint)[0]) for item in value)
    if origin is dict:
        return isinstance(value, Mapping) and all(_fits(item, get_args(hint)[1]) for item in value.values())
    if dataclasses.is_dataclass(hint):
        return isinstance(value, Mapping)
    return _scalar_fits(value, hint)


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


def _limits(value: Any, metadata: Mapping[str, Any], path: str) -> Iterator[str]:
    if (choices := metadata.get("choices")) and value is not None and value not in choices:
        yield describe(f"one of {', '.join(choices)}", repr(value), "choose one of them", path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if (least := metadata.get("least")) is not None and not value >= least:
        yield describe(f"at least {least:g}", value, "raise it", path)
    if (most := metadata.get("most")) is not None and not value <= most:
        yield describe(f"at most {most:g}", value, "lower it", path)


def _convert(value: Any, hint: Any) -> Any:
    """Plain value → the field's type (numbers that stand for texts, nested dataclasses)."""
    schema, origin = _nested(hint), get_origin(hint)
    if schema is not None and isinstance(value, Mapping):
        return {k: build(v, schema) for k, v in value.items()} if origin is dict else build(value, schema)
    if hint is float and isinstance(value, int):
        return float(value)
    if origin in (Union, types.UnionType):
        options = [option for option in get_args(hint) if _fits(value, option)]
        return _convert(value, options[0]) if options else value
    if origin is list:
        return [_convert(item, get_args(hint)[0]) for item in value]
    if origin is dict and get_args(hint)[1] is not Any:
        return {str(key): _convert(item, get_args(hint)[1]) for key, item in value.items()}
    if hint is str and not isinstance(value, str) and value is not None:
        return str(value)
    return value
