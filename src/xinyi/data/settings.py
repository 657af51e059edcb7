"""What the data room is told: plain frozen values, filled from configuration by `xinyi.config.builders`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xinyi.data.prepare import Preparation

HOW_TO_SPLIT = ("hash", "stratified", "time")
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class SourceSettings:
    """Files of one origin and how their columns are read.

    root: folder that relative names start from (None: the working folder). train, validation, test: file names,
    globs allowed. text, context: columns (context None: there is none). labels: task → column. kinds: task → single,
    ordinal or multi. order: task → labels from low to high. map: task → {label in the file: label of the task},
    "" for "lacks the label". separator: character between the labels of one cell (None: noticed).
    stars: task → the most stars; its column holds stars from 1 on, which become the task's levels. drop: task → labels
    in the file whose rows are left out. constants: columns that the files lack → the value of every row.
    meta: columns kept. outside: task → the value of rows that none of its labels fits; they lack the label and are
    marked in the metadata `outside.<task>`. group: column whose rows stay in one split.
    """

    root: str | None = None
    train: Sequence[str] = ()
    validation: Sequence[str] = ()
    test: Sequence[str] = ()
    text: str = "text"
    context: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    order: Mapping[str, Sequence[str]] = field(default_factory=dict)
    map: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    stars: Mapping[str, int] = field(default_factory=dict)
    drop: Mapping[str, Sequence[str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    separator: str | None = None
    meta: Sequence[str] = ()
    outside: Mapping[str, str] = field(default_factory=dict)
    group: str | None = None

    def files(self, split: str) -> Sequence[str]:
        """The file names given for a split."""
        return getattr(self, split)


@dataclass(frozen=True)
class DataSettings:
    """The data of a run.

    mask: replace personal data by placeholders. repair: undo damage such as wrong decodings. simplify: traditional
    characters become simplified ones. workers: processes that prepare texts. card: what is known of the data.
    validation_share, test_share: of the training rows, for a split without files (0: no such split). seed: which rows
    such a split takes, and which rows are kept. limit: the most rows of each split. train_limit: the most training
    rows. split: how they are made: hash, stratified or time. time: metadata column that splits by time go by.
    cuts: split → its first moment. corrections: files of corrected labels.
    """

    name: str
    sources: tuple[SourceSettings, ...]
    mask: bool = True
    validation_share: float = 0.1
    test_share: float = 0.1
    seed: int = 7
    limit: int | None = None
    train_limit: int | None = None
    repair: bool = True
    simplify: bool = False
    workers: int = 1
    card: Mapping[str, Any] = field(default_factory=dict)
    split: str = "hash"
    time: str | None = None
    cuts: Mapping[str, str] = field(default_factory=dict)
    corrections: tuple[str, ...] = ()

    @property
    def preparation(self) -> Preparation:
        """What is done to each text."""
        return Preparation(self.mask, self.repair, self.simplify)
