"""golden.jsonl: inputs with the trained model's answers, replayed by whoever doubts the bundle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.encoding import Encoded, TextEncoder
from xinyi.errors import BundleError, describe
from xinyi.runtime.compare import compare
from xinyi.runtime.manifest import AGAIN
from xinyi.tasks.decode import Decoding, predict, probabilities
from xinyi.tasks.spec import TaskSpec
from xinyi.text import prepare

NAME = "golden.jsonl"
RENAMED = "labels were renamed, added or removed: " + AGAIN


@dataclass(frozen=True)
class GoldenRow:
    """One line. ids: the token ids of the row. tasks: task id → {label, name, probabilities}.

    prepared: text and context after cleaning, for servers that clean elsewhere (bundles of schema 1 lack it).
    """

    note: str
    text: str
    context: str
    ids: list[int]
    tasks: dict[str, dict[str, Any]]
    prepared: list[str] | None = None


def read_golden(folder: Path) -> list[GoldenRow]:
    """All rows. Raises BundleError when the file is missing or damaged."""
    try:
        with (folder / NAME).open(encoding="utf-8") as file:
            return [GoldenRow(**json.loads(line)) for line in file]
    except (OSError, ValueError, TypeError, RecursionError) as error:
        # The message of a JSON error holds no text of the line.
        raise BundleError([describe("one golden row a line", error, AGAIN, NAME)]) from error


def encode_rows(encoder: TextEncoder, rows: list[GoldenRow], masking: bool) -> Encoded:
    """Token ids of the rows, from their raw texts."""
    clean = _clean(encoder, rows, masking)
    return encoder.encode(*map(list, zip(*clean, strict=True)))


def _clean(encoder: TextEncoder, rows: list[GoldenRow], masking: bool) -> list[list[str]]:
    """Each row's text and context as the encoder takes them."""
    simplify = encoder.settings.simplify
    return [[prepare(part, masking=masking, simplify=simplify) for part in (row.text, row.context)] for row in rows]


def input_problems(encoder: TextEncoder, rows: list[GoldenRow], masking: bool) -> list[str]:
    """Rows that are cleaned otherwise, or get other token ids, than when the bundle was made."""
    clean = _clean(encoder, rows, masking)
    other = [i + 1 for i, row in enumerate(rows) if row.prepared is not None and row.prepared != clean[i]]
    encoded = encode_rows(encoder, rows, masking)
    parts = np.split(encoded.ids, encoded.offsets[1:-1])
    wrong = [i + 1 for i, (part, row) in enumerate(zip(parts, rows, strict=True)) if part.tolist() != row.ids]
    found = (
        (other, "the cleaned texts of the export", "install the xinyi that made it", NAME),
        (wrong, "the token ids of the trained model", AGAIN, f"tokenizer.json against {NAME}"),
    )
    return [
        describe(expected, f"others in {len(lines)} of {len(rows)} rows (lines {_few(lines)})", remedy, where)
        for lines, expected, remedy, where in found
        if lines
    ]


@dataclass(frozen=True)
class Answers:
    """What one format says to the golden rows. logits: task id → (N, C)."""

    format: str
    logits: Mapping[str, NDArray[np.float32]]
    tolerance: float


def answer_problems(
    tasks: Sequence[TaskSpec], decodings: Mapping[str, Decoding], rows: list[GoldenRow], answers: Answers
) -> tuple[list[str], float]:
    """What differs from the trained model, and the largest difference of a probability."""
    problems: list[str] = []
    differences = [0.0]
    for task in tasks:
        try:
            found, difference = _task_problems(task, decodings[task.id], rows, answers)
        except (KeyError, TypeError, ValueError):
            expected = f"task {task.id} with a probability for each of its labels"
            found, difference = [describe(expected, "others", RENAMED, NAME)], float("inf")
        problems += found
        differences.append(difference)
    return problems, max(differences)


def _task_problems(
    task: TaskSpec, decoding: Decoding, rows: list[GoldenRow], answers: Answers
) -> tuple[list[str], float]:
    stored = [row.tasks[task.id] for row in rows]
    wanted = np.array([[entry["probabilities"][label] for label in task.label_ids] for entry in stored])
    got = probabilities(answers.logits[task.id], task.kind, decoding.temperature)
    where, tolerance = f"{NAME} task {task.id} in {answers.format}", answers.tolerance
    # Two probabilities may each be off by the tolerance before their order is in doubt.
    agreement = compare(wanted, got, task.kind, decoding.thresholds, tie=2 * tolerance)
    problems = []
    if not agreement.difference <= tolerance:
        cause = "another graph, label order or temperature; " + AGAIN
        line = int(np.abs(wanted - got).max(axis=1).argmax()) + 1
        expected = f"probabilities within {tolerance:g} of the trained model"
        problems.append(describe(expected, f"{agreement.difference:.3g} at line {line}", cause, where))
    # The stored answer is compared with what the bundle's own labels and thresholds make of the stored
    # probabilities: that is exact, so that rounding cannot turn it.
    decided = decide(wanted, task, decoding.thresholds)
    strays = [i + 1 for i, entry in enumerate(stored) if (entry["label"], entry["name"]) != decided[i]]
    strays = sorted({*strays, *(i + 1 for i in agreement.changed)})
    if strays:
        got_text = f"others in {len(strays)} of {len(rows)} rows (lines {_few(strays)})"
        cause = "label names, order or thresholds were changed; " + AGAIN
        problems.append(describe("the trained model's decisions", got_text, cause, where))
    return problems, agreement.difference


def decide(probs_BC: NDArray[np.float64], task: TaskSpec, thresholds: tuple[float, ...]) -> list[tuple[Any, Any]]:
    """Label and Chinese name for each row of probabilities (B, C); lists in the order of the labels for multi."""
    names = [label.zh or label.id for label in task.labels]
    chosen = predict(probs_BC, task.kind, thresholds)
    if task.kind == "multi":
        rows = [np.flatnonzero(row) for row in chosen]
        return [([task.label_ids[i] for i in row], [names[i] for i in row]) for row in rows]
    return [(task.label_ids[i], names[i]) for i in chosen]


def _few(lines: list[int]) -> str:
    return ", ".join(map(str, lines[:5])) + (" …" if len(lines) > 5 else "")
