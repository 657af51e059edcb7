"""Print the configuration groups and every setting of each command as Markdown, read off conf/ and the schema.

python scripts/list_settings.py                                 print
python scripts/list_settings.py --into docs/configuration.md    rewrite the part between the document's markers
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import yaml
from marked_part import rewrite

from xinyi.config.paths import conf_dir
from xinyi.config.roots import PRETRAIN, TRAIN, Root

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", types.NoneType: "null", Any: "any"}


def document() -> str:
    """What stands between the markers."""
    own = {"corpus": "data", "pretraining": "pretraining"}
    head = ["## xinyi pretrain", "", "The groups `backbone` and `tracking` are those of `xinyi train`.", ""]
    pretrain = [*head, *_groups(PRETRAIN), "", *_settings(PRETRAIN, tuple(own.values()))]
    return "\n".join([*_groups(TRAIN), "", *_settings(TRAIN), "", *pretrain])


def _groups(root: Root) -> Iterator[str]:
    """One line a group: its options, and the one that the command's YAML chooses."""
    yield "| group | options | default |"
    yield "|---|---|---|"
    chosen = _defaults(root)
    for group in root.groups:
        options = ", ".join(f"`{path.stem}`" for path in sorted((conf_dir() / group).glob("*.yaml")))
        yield f"| `{group}` | {options} | {chosen.get(group) or 'none'} |"


def _defaults(root: Root) -> dict[str, str]:
    """Group → the option or options chosen by default."""
    listed = yaml.safe_load((conf_dir() / f"{root.name}.yaml").read_text(encoding="utf-8"))["defaults"]
    pairs = [(str(key).split()[-1], value) for item in listed if isinstance(item, dict) for key, value in item.items()]
    return {key: ", ".join(f"`{name}`" for name in ([value] if isinstance(value, str) else value or []))
            for key, value in pairs}  # fmt: skip


def _settings(root: Root, only: tuple[str, ...] = ()) -> Iterator[str]:
    """One table a section of the configuration; with `only`, of these sections and the run's own keys."""
    hints = get_type_hints(root.schema)
    sections = {name: _schema(hint) for name, hint in hints.items() if _schema(hint)}
    yield from _section("run" if root is TRAIN else f"run of xinyi {root.name}", root.schema, "", skip=tuple(sections))
    for name, schema in sections.items():
        if only and name not in only:
            continue
        prefix = f"{name}.<id>." if get_origin(hints[name]) is dict else f"{name}."
        yield ""
        yield from _section(name if root is TRAIN else f"{name} of xinyi {root.name}", schema, prefix)


def _schema(hint: Any) -> type | None:
    """The dataclass that a field holds, or holds many of."""
    return next((option for option in (hint, *get_args(hint)) if dataclasses.is_dataclass(option)), None)


def _section(name: str, schema: type, prefix: str, skip: tuple[str, ...] = ()) -> Iterator[str]:
    yield f"### {name}"
    yield ""
    yield (schema.__doc__ or "").strip()
    yield ""
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    hints = get_type_hints(schema)
    for field in dataclasses.fields(schema):
        if field.name not in skip:
            kind = _cell(_kind(hints[field.name]) + _limits(field.metadata))
            yield f"| `{prefix}{field.name}` | {kind} | `{_default(field)}` | {_cell(field.metadata['help'])} |"


def _kind(hint: Any) -> str:
    """A type in words."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(map(_kind, inner))
    if origin is list:
        return f"list of {_kind(inner[0])}"
    if origin is dict:
        return f"map to {_kind(inner[1])}"
    return _WORDS[hint]


def _limits(metadata: Any) -> str:
    """The values that a field may take."""
    least, most = metadata.get("least"), metadata.get("most")
    if metadata.get("choices"):
        return f": {', '.join(metadata['choices'])}"
    if least is not None and most is not None:
        return f", {least:.10g} to {most:.10g}"
    return f", at least {least:.10g}" if least is not None else f", at most {most:.10g}" if most is not None else ""


def _default(field: dataclasses.Field) -> str:
    """A default as it would stand in YAML."""
    value = field.default if field.default is not dataclasses.MISSING else field.default_factory()
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    """Text that stays inside its cell."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    """Print, or rewrite a document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, help="document to rewrite between its markers")
    rewrite(document(), parser.parse_args().into)


if __name__ == "__main__":
    main()
