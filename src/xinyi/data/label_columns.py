"""Which task reads which column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xinyi.data.settings import SourceSettings
from xinyi.data.wording import known_text
from xinyi.errors import describe
from xinyi.tasks.spec import TaskSpec


def column_task(spec: TaskSpec, source: SourceSettings) -> str | None:
    """The task whose column in `source` holds this task's labels: its own, or the one it is derived from."""
    if spec.id in source.labels:
        return spec.id
    return spec.derive.source if spec.derive and spec.derive.source in source.labels else None


def wanted_columns(specs: Sequence[TaskSpec], source: SourceSettings) -> list[str]:
    """The tasks whose label columns are read; with no declared task, all of them."""
    if not specs:
        return list(source.labels)
    return list(dict.fromkeys(name for spec in specs if (name := column_task(spec, source))))


def column_problems(specs: Sequence[TaskSpec], sources: Sequence[SourceSettings]) -> Iterator[str]:
    """Tasks that no source has labels for."""
    for spec in specs:
        if not any(column_task(spec, source) for source in sources):
            named = list(dict.fromkeys(task for source in sources for task in source.labels))
            derived = f" or data.labels.{spec.derive.source}" if spec.derive else ""
            remedy = f"leave {spec.id!r} out of task=, or set data.labels.{spec.id}=COLUMN"
            yield describe(f"data.labels.{spec.id}{derived}", f"columns for {known_text(named)}", remedy, "data.labels")
    if not specs and not any(source.labels for source in sources):
        yield describe("at least one task", "none", "name a label column: data.labels.<task>=COLUMN", "data.labels")
