"""Tasks whose labels follow from another task's column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xinyi.data.settings import SourceSettings
from xinyi.tasks.spec import TaskSpec


def _mapping(spec: TaskSpec, source: SourceSettings) -> Mapping[str, str] | None:
    return spec.derive.mapping if spec.derive and spec.id not in source.labels else None


def cell_labels(spec: TaskSpec, source: SourceSettings) -> dict[str, None]:
    """The labels that the cells of a source may hold."""
    mapping = _mapping(spec, source)
    return dict.fromkeys(spec.label_ids if mapping is None else mapping)


def translated(values: Sequence[Any], spec: TaskSpec, source: SourceSettings) -> Sequence[Any]:
    """A derived task's labels from its source's; others stay as they are. Unknown ones have been reported."""
    mapping = _mapping(spec, source)
    if mapping is None:
        return values
    if spec.kind == "multi":
        return [v if v is None else list(dict.fromkeys(mapping[x] for x in v if x in mapping)) for v in values]
    return [None if v is None else mapping.get(v) for v in values]
