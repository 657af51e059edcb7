"""Group `task`: what is asked of each text. Each YAML lands under `tasks.<id>`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xinyi.config.schema.fields import setting
from xinyi.tasks.spec import KINDS


@dataclass
class TaskConfig:
    """One task; its labels are listed in order, each with an id, a Chinese and an English name."""

    kind: str = setting("single", "one label, ordered labels, or several at once", choices=KINDS)
    zh: str = setting("", "Chinese name of the task")
    en: str = setting("", "English name of the task")
    labels: list[dict[str, str]] = setting([], "labels in order: {id, zh, en, group}; low to high when ordinal")
    empty: dict[str, str] | None = setting(None, "multi only: what no label at all is called, such as 平静")
    derive: dict[str, Any] | None = setting(None, "labels taken from another task: {source, mapping: {theirs: ours}}")
    primary: str = setting("macro_f1", "metric for early stopping, the best checkpoint and the gate")
    weight: float = setting(1.0, "share of this task's loss in the sum", least=0.0)
