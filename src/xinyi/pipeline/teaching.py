"""Distillation: a finished run or a bundle answers the training rows once, and its logits are learnt from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.config.schema import TrainConfig
from xinyi.data import Dataset
from xinyi.errors import ConfigError, DataError, describe
from xinyi.pipeline.folder import RunFolder, find_bundle
from xinyi.pipeline.parts import Parts
from xinyi.runtime import load
from xinyi.tasks.spec import TaskSpec

FILE = "teacher.npz"
_FACTS = "facts"


def check_teacher(config: TrainConfig, folder: RunFolder) -> None:
    """See that there is a teacher to ask, before anything slow. Raises BundleError.

    A run that has its answers already needs it no more.
    """
    if config.recipe.teacher and not (folder.root / FILE).is_file():
        find_bundle(Path(config.recipe.teacher))


def teach(config: TrainConfig, folder: RunFolder, dataset: Dataset, parts: Parts) -> None:
    """Give the training rows the teacher's logits, from teacher.npz in the run folder or by asking it.

    The teacher cleans and cuts the texts in its own way, and answers as it is served.

    Raises:
        BundleError: no teacher there. ConfigError: it has other tasks or labels.
    """
    if not config.recipe.teacher:
        return
    path, train = folder.root / FILE, parts.splits["train"]
    if not path.is_file():
        _ask(Path(config.recipe.teacher), dataset, path)
    logits, facts = _read(path, len(train))
    parts.splits["train"], parts.notes["teacher"] = replace(train, teacher=logits), facts


def _ask(target: Path, dataset: Dataset, path: Path) -> None:
    teacher = load(find_bundle(target))
    if problems := list(_label_problems(teacher.tasks, dataset.tasks)):
        raise ConfigError(problems, title=f"teacher {target} cannot be used")
    table = dataset.splits["train"]
    answers = teacher.logits(table["text"].to_pylist(), table["context"].to_pylist())
    facts = {"name": teacher.name, "version": teacher.version}
    _write(path, {task.id: answers[task.id] for task in dataset.tasks}, facts)


def _label_problems(teacher: Sequence[TaskSpec], student: Sequence[TaskSpec]) -> Iterator[str]:
    """Logits can only be learnt from where each stands for the same label."""
    known = {task.id: task for task in teacher}
    for task in student:
        where, wanted = f"recipe.teacher: {task.id}", ", ".join(task.label_ids)
        if (own := known.get(task.id)) is None:
            remedy = "train tasks that the teacher knows, or name another teacher"
            yield describe(f"a teacher with the task {task.id}", f"tasks {', '.join(known)}", remedy, where)
        elif (own.kind == "multi") != (task.kind == "multi"):
            yield describe(f"a teacher whose task is of kind {task.kind}", own.kind, "name another teacher", where)
        elif own.label_ids != task.label_ids:
            remedy = "train with the teacher's labels in its order, or name another teacher"
            yield describe(f"the labels {wanted}, in this order", ", ".join(own.label_ids), remedy, where)


def _write(path: Path, logits: dict[str, NDArray[np.float32]], facts: dict[str, Any]) -> None:
    """Beside, then renamed. No pickle: the facts are JSON as bytes."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    raw = np.frombuffer(json.dumps(facts, ensure_ascii=False).encode(), np.uint8)
    with open(beside, "wb") as file:
        np.savez(file, **{_FACTS: raw, **{f"logits/{task}": values for task, values in logits.items()}})
    os.replace(beside, path)


def _read(path: Path, rows: int) -> tuple[dict[str, NDArray[np.float32]], dict[str, Any]]:
    with np.load(path, allow_pickle=False) as file:
        facts = json.loads(file[_FACTS].tobytes())
        logits = {name.partition("/")[2]: file[name] for name in file.files if name != _FACTS}
    if any(len(values) != rows for values in logits.values()):
        found = sorted({len(values) for values in logits.values()})
        raise DataError([describe(f"answers to {rows} training rows", found, "delete it and go on", str(path))])
    return logits, facts
