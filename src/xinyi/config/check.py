"""Compare a plain configuration with its dataclass schema and list every difference at once.

OmegaConf's own typed merge stops at the first one, so the tree is walked here; the typed objects are made afterwards.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
from collections.abc import Iterator, Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

from xinyi.config.fitting import fits, misfits, nested
from xinyi.errors import describe


def problems(raw: Mapping[str, Any], schema: type, where: str = "") -> Iterator[str]:
    """Every unknown key, wrong type and value out of its limits in `raw`, as texts that begin with the key's path."""
    hints = get_type_hints(schema)
    fields = {f.name: f for f in dataclasses.fields(schema)}
    for key, value in raw.items():
        path = f"{where}{key}"
        if key not in fields:
            yield _unknown(path, str(key), fields)
            continue
        found = list(misfits(value, hints[key], path))
        yield from found or _limits(value, fields[key].metadata, path)
        yield from _inside(value, hints[key], path)


def usable(raw: Mapping[str, Any], schema: type) -> dict[str, Any]:
    """The part of a configuration that fits its schema; `build` gives the rest its defaults.

    In a list of mappings an empty one stands for what does not fit.
    """
    hints, kept = get_type_hints(schema), {}
    for key, value in raw.items():
        inner = nested(hints[key]) if key in hints else None
        if inner is not None and isinstance(value, Mapping):
            several = get_origin(hints[key]) is dict
            items = {k: usable(v, inner) for k, v in value.items() if isinstance(v, Mapping)} if several else None
            kept[key] = usable(value, inner) if items is None else items
        elif key in hints and fits(value, hints[key]):
            kept[key] = value
        elif key in hints and isinstance(value, list) and get_origin(item := (*get_args(hints[key]), None)[0]) is dict:
            # The others keep their places, which problems name.
            kept[key] = [part if fits(part, item) else {} for part in value]
    return kept


def build(raw: Mapping[str, Any], schema: type) -> Any:
    """The schema's object for a checked configuration; nested dataclasses too."""
    hints = get_type_hints(schema)
    return schema(**{key: _convert(value, hints[key]) for key, value in raw.items()})


def _unknown(path: str, key: str, fields: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(key, fields, n=1)
    remedy = f"did you mean {near[0]}?" if near else "remove it"
    return describe(f"one of {', '.join(fields)}", f"unknown key {key!r}", remedy, path)


def _inside(value: Any, hint: Any, path: str) -> Iterator[str]:
    """Go on into nested dataclasses."""
    schema = nested(hint)
    if schema is None or not isinstance(value, Mapping):
        return
    if get_origin(hint) is dict:
        for key, item in value.items():
            if isinstance(item, Mapping):
                yield from problems(item, schema, f"{path}.{key}.")
    else:
        yield from problems(value, schema, f"{path}.")


def _limits(value: Any, metadata: Mapping[str, Any], path: str) -> Iterator[str]:
    # trainer.precision=32 is a number to YAML, and the choice "32" all the same.
    if (choices := metadata.get("choices")) and value is not None and str(value) not in choices:
        yield describe(f"one of {', '.join(choices)}", repr(value), "choose one of them", path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if isinstance(value, float) and not math.isfinite(value):
        yield describe("a finite number", value, f"correct {path}", path)
        return
    if (least := metadata.get("least")) is not None and value < least:
        yield describe(f"at least {least:.10g}", value, "raise it", path)
    if (most := metadata.get("most")) is not None and value > most:
        yield describe(f"at most {most:.10g}", value, "lower it", path)


def _convert(value: Any, hint: Any) -> Any:
    """Plain value → the field's type (numbers that stand for texts, nested dataclasses)."""
    schema, origin = nested(hint), get_origin(hint)
    if schema is not None and isinstance(value, Mapping):
        return {str(k): build(v, schema) for k, v in value.items()} if origin is dict else build(value, schema)
    if hint is float and isinstance(value, int):
        return float(value)
    if origin in (Union, types.UnionType):
        options = [option for option in get_args(hint) if fits(value, option)]
        return _convert(value, options[0]) if options else value
    if origin is list:
        return [_convert(item, get_args(hint)[0]) for item in value]
    if origin is dict:
        inner = get_args(hint)[1]
        return {str(key): item if inner is Any else _convert(item, inner) for key, item in value.items()}
    if hint is str and not isinstance(value, str) and value is not None:
        return str(value)
    return value
