"""What a task is: its kind, its ordered labels with their names, and where its labels come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from xinyi.errors import ConfigError, describe

KINDS = ("single", "ordinal", "multi")


@dataclass(frozen=True)
class Label:
    """One label: `id` is what files hold, `zh` and `en` are what people read, `group` gathers related labels."""

    id: str
    zh: str = ""
    en: str = ""
    group: str = ""


@dataclass(frozen=True)
class Derivation:
    """A task whose labels follow from another task's: `mapping` sends each source label to one of ours."""

    source: str
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskSpec:
    """One classification task.

    kind: `single` (exactly one label), `ordinal` (one label, the labels are ordered from low to high),
    `multi` (several labels at once, or none; `empty` then names what "none" means, such as 平静).
    primary: the metric that early stopping, gates and comparisons look at first.
    """

    id: str
    kind: str
    labels: tuple[Label, ...]
    zh: str = ""
    en: str = ""
    primary: str = "macro_f1"
    weight: float = 1.0
    empty: Label | None = None
    derive: Derivation | None = None

    def __post_init__(self) -> None:
        """Raise ConfigError for an unknown kind, a repeated label, too few labels or a mapping that leads nowhere."""
        problems = list(_problems(self))
        if problems:
            raise ConfigError(problems, title=f"task {self.id!r} cannot be used")

    @property
    def label_ids(self) -> tuple[str, ...]:
        """The label ids in order: position = index of the logit."""
        return tuple(label.id for label in self.labels)

    @property
    def index(self) -> dict[str, int]:
        """Label id → index of its logit."""
        return {label.id: i for i, label in enumerate(self.labels)}

    def to_dict(self) -> dict[str, Any]:
        """Plain primitives, as they stand in labels.json, checkpoints and reports."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> TaskSpec:
        """The inverse of `to_dict`."""
        raw = dict(raw)
        raw["labels"] = tuple(Label(**label) for label in raw["labels"])
        raw["empty"] = Label(**raw["empty"]) if raw.get("empty") else None
        raw["derive"] = Derivation(**raw["derive"]) if raw.get("derive") else None
        return cls(**raw)


def _problems(spec: TaskSpec):
    """Yield what is wrong with a specification."""
    if spec.kind not in KINDS:
        yield describe(f"kind one of {', '.join(KINDS)}", repr(spec.kind), "set tasks.<task>.kind")
    least = 1 if spec.kind == "multi" else 2
    if len(spec.labels) < least:
        yield describe(f"at least {least} labels", len(spec.labels), "add labels, or check the label column")
    ids = spec.label_ids
    if repeated := sorted({i for i in ids if ids.count(i) > 1}):
        yield describe("each label id once", f"{repeated} more than once", "remove the repeats")
    if spec.derive and (stray := sorted(set(spec.derive.mapping.values()) - set(ids))):
        yield describe("derive.mapping to lead to this task's labels", stray, f"use {', '.join(ids)}")
