"""Group `data`: which files, which columns, how texts are prepared and cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xinyi.config.schema.fields import setting
from xinyi.data.settings import HOW_TO_SPLIT
from xinyi.encoding import STRATEGIES


@dataclass
class SourceConfig:
    """Files of one origin and how their columns are read."""

    root: str | None = setting(None, "folder that relative paths start from; default: the working folder")
    train: str | list[str] | None = setting(
        None, "training file(s): names, globs, folders of Hugging Face datasets, hf://OWNER/NAME[:SPLIT]"
    )
    validation: str | list[str] | None = setting(None, "validation file(s); made from the training rows if missing")
    test: str | list[str] | None = setting(None, "test file(s); made from the training rows if missing")
    text: str = setting("text", "column with the message")
    context: str | None = setting(None, "column with the turns before, or the survey's question")
    labels: dict[str, str] = setting({}, "task: column with its labels")
    kinds: dict[str, str] = setting({}, "task: single, ordinal or multi, where it cannot be read off the labels")
    order: dict[str, list[str]] = setting({}, "task: its labels from low to high, where they are not numbers")
    map: dict[str, dict[str, str]] = setting({}, "task: {label in the file: label of the task}")
    stars: dict[str, int] = setting({}, "task: the most stars; its column holds stars from 1 on, read as levels")
    drop: dict[str, list[str]] = setting({}, "task: labels in the file whose rows are left out")
    constants: dict[str, str] = setting({}, "column: value of every row, for columns that the files lack")
    separator: str | None = setting(
        None, "character between labels in one cell; | ; ； are noticed, for multi tasks also 、 ， ,"
    )
    meta: list[str] = setting([], "columns kept for slices, such as channel or product")
    outside: dict[str, str] = setting({}, "task: value in its column for messages that none of its labels fits")
    group: str | None = setting(
        None, "column whose rows hang together, such as conversation_id: in splits, and in intervals"
    )


@dataclass
class DataConfig(SourceConfig):
    """The data of a run: one origin, or several under `sources`."""

    name: str = setting("files", "name of the data set in reports and MLflow")
    sources: list[dict[str, Any]] = setting([], "several origins, each with the keys of one; rows may lack tasks")
    mask: bool = setting(True, "replace personal data by typed placeholders such as [手机号]")
    repair: bool = setting(True, "undo wrong decodings (UTF-8 read as GBK or Latin-1) and scraped-in pinyin")
    simplify: bool = setting(False, "traditional characters become simplified ones (OpenCC), also in the bundle")
    workers: int | None = setting(None, "processes that prepare many texts; default: one for each core", least=1)
    card: dict[str, Any] = setting({}, "what is known of the data: task, licence, source, trouble; kept in data.json")
    store: str | None = setting(None, "folder of the token store, which may be deleted; default: RUNS/.tokens")
    validation_share: float = setting(
        0.1, "share of rows for a validation split that must be made", least=0.0, most=0.5
    )
    test_share: float = setting(0.1, "share of rows for a test split that must be made", least=0.0, most=0.5)
    seed: int = setting(
        7, "seed of splits that must be made; apart from the run's, so that seeds see the same rows", least=0
    )
    split: str = setting(
        "hash",
        "how splits are made: hash (adding rows moves none), stratified (each label's exact share), time (newest last)",
        choices=HOW_TO_SPLIT,
    )
    time: str | None = setting(None, "column with times, for data.split=time")
    validation_from: str | None = setting(None, "first moment of a validation split made by time; else by its share")
    test_from: str | None = setting(None, "first moment of a test split made by time; else by its share")
    corrections: str | list[str] | None = setting(
        None, "file(s) with corrected labels: columns id, task, label, as label_errors.csv of data check has them"
    )
    max_length: int = setting(256, "tokens in a row, special tokens included", least=8, most=8192)
    truncation: str = setting("head_tail", "which part of an overlong text is kept", choices=STRATEGIES)
    context_share: float = setting(0.5, "the most of a row that the context may take", least=0.0, most=0.9)
    limit: int | None = setting(None, "use only this many rows of each split", least=1)
    train_limit: int | None = setting(None, "use only this many training rows: what would fewer labels do?", least=1)
