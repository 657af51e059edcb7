"""report/answers.npz: each row's answer without its text, so that two models can be compared row by row.

Beside every report.json, and so in every bundle. Numpy alone reads it: a gate runs without the training stack. A row is
named by the hash of its content (see `xinyi.data.table`); neither texts nor conversation ids are in it.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xinyi.errors import BundleError, describe
from xinyi.evaluation.storage import write_whole

if TYPE_CHECKING:
    from xinyi.evaluation.predictions import Predictions

NAME = "answers.npz"
AGAIN = "evaluate again with this version"
# What numpy and zipfile raise for files that were cut or changed; NotImplementedError: an unknown compression.
DAMAGED = (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile, zlib.error)
DAMAGED += (NotImplementedError, RuntimeError, TypeError, SyntaxError, MemoryError)


@dataclass(frozen=True, eq=False)
class TaskAnswers:
    """One task's labelled rows. rows: their positions in the split; gold: (B,) indices or (B, C) 0/1; logits_BC."""

    kind: str
    labels: tuple[str, ...]
    rows: NDArray[np.int64]
    gold: NDArray[np.int64]
    logits_BC: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SplitAnswers:
    """One split's rows.

    ids: hash of each row's content. units: number of each row's conversation (its own where it has none).
    slices: slice → each row's value, "" where it has none.
    """

    ids: NDArray[np.str_]
    units: NDArray[np.int64]
    tasks: Mapping[str, TaskAnswers]
    slices: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)

    def digest(self) -> str:
        """SHA-256 over everything in it, in this order of rows: ties the file to its report."""
        found = hashlib.sha256()
        for name, array in sorted(_arrays(self).items()):
            found.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()


def answers_of(predictions: Predictions, slices: Mapping[str, Any] | None = None) -> SplitAnswers:
    """What a comparison needs of stored predictions. slices: slice → one value a row (None: in no value)."""
    tasks = {}
    for name, task in predictions.tasks.items():
        rows = np.flatnonzero(task.present)
        gold, logits_BC = task.gold[rows], task.logits_BC[rows].astype(np.float32)
        tasks[name] = TaskAnswers(task.spec.kind, tuple(task.spec.label_ids), rows, gold, logits_BC)
    values = {name: np.array([value or "" for value in column], np.str_) for name, column in (slices or {}).items()}
    return SplitAnswers(np.array(predictions.ids, np.str_), predictions.units, tasks, values)


def store_answers(predictions: Mapping[str, Path], folder: Path) -> Path:
    """Read each split's stored predictions and write answers.npz beside a report. Raises BundleError."""
    # Both bring pyarrow and scipy, which a gate does without.
    from xinyi.evaluation.predictions import read_predictions
    from xinyi.evaluation.slices import split_slices

    read = {split: read_predictions(path) for split, path in predictions.items()}
    return write_answers({split: answers_of(found, split_slices(found)) for split, found in read.items()}, folder)


def write_answers(answers: Mapping[str, SplitAnswers], folder: Path) -> Path:
    """Write answers.npz (split → answers) beside a report. Raises BundleError when it cannot be written."""
    arrays = {f"{split}/{name}": array for split, found in answers.items() for name, array in _arrays(found).items()}

    def save(part: Path) -> None:
        with part.open("wb") as file:
            np.savez_compressed(file, **arrays)

    return write_whole(Path(folder) / NAME, save, "answers cannot be written")


def read_answers(folder: Path) -> dict[str, SplitAnswers] | None:
    """Split → answers of the report in `folder`; None when the folder has none.

    Raises BundleError when the file is damaged.
    """
    path = Path(folder) / NAME
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        splits = dict.fromkeys(name.split("/")[0] for name in arrays)
        return {split: _split(split, arrays) for split in splits}
    except DAMAGED as error:
        problem = describe("a file that numpy reads", f"{type(error).__name__}", AGAIN, str(path))
        raise BundleError([problem]) from error


def _arrays(found: SplitAnswers) -> dict[str, NDArray]:
    """Everything as arrays; `_split` is the inverse."""
    out = {"ids": found.ids.astype("S"), "units": found.units.astype(np.int64)}
    out |= {f"slice/{name}": _bytes(values) for name, values in found.slices.items()}
    for name, task in found.tasks.items():
        head = f"task/{name}"
        out[f"{head}/about"] = _bytes(np.array([task.kind, *task.labels], np.str_))
        out |= {f"{head}/rows": task.rows.astype(np.int64), f"{head}/gold": task.gold.astype(np.int64)}
        out[f"{head}/logits"] = task.logits_BC
    return out


def _split(split: str, arrays: Mapping[str, NDArray]) -> SplitAnswers:
    own = {name.removeprefix(f"{split}/"): array for name, array in arrays.items() if name.startswith(f"{split}/")}
    tasks = {}
    heads = (key for key in own if key.startswith("task/") and key.endswith("/about"))
    for name in [key.removeprefix("task/").removesuffix("/about") for key in heads]:
        kind, *labels = _text(own[f"task/{name}/about"]).tolist()
        parts = (own[f"task/{name}/{part}"] for part in ("rows", "gold", "logits"))
        tasks[name] = TaskAnswers(kind, tuple(labels), *parts)
    slices = {key.removeprefix("slice/"): _text(array) for key, array in own.items() if key.startswith("slice/")}
    return SplitAnswers(_text(own["ids"]), own["units"], tasks, slices)


def _bytes(texts: NDArray[np.str_]) -> NDArray[np.bytes_]:
    """UTF-8: numpy's own text arrays take four bytes a character."""
    return np.char.encode(texts, "utf-8") if texts.size else texts.astype("S1")


def _text(raw: NDArray[np.bytes_]) -> NDArray[np.str_]:
    return np.char.decode(raw, "utf-8") if raw.size else raw.astype(np.str_)
