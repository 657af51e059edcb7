"""golden.jsonl: inputs with the trained model's answers, replayed by whoever doubts the bundle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.errors import BundleError, describe
from xinyi.runtime.classifier import Classifier
from xinyi.runtime.compare import compare
from xinyi.runtime.manifest import AGAIN
from xinyi.tasks.decode import Decoding, predict, probabilities
from xinyi.tasks.spec import TaskSpec

NAME = "golden.jsonl"


@dataclass(frozen=True)
class GoldenRow:
    """One line. ids: the token ids of the row. tasks: task id → {label, name, probabilities}."""

    note: str
    text: str
    context: str
    ids: list[int]
    tasks: dict[str, dict[str, Any]]


def read_golden(folder: Path) -> list[GoldenRow]:
    """All rows. Raises BundleError when the file is missing or damaged."""
    try:
        with (folder / NAME).open(encoding="utf-8") as file:
            return [GoldenRow(**json.loads(line)) for line in file]
    except (OSError, ValueError, TypeError, RecursionError) as error:
        # The message of a JSON error holds no text of the line.
        raise BundleError([describe("one golden row a line", error, AGAIN, NAME)]) from error


def replay(classifier: Classifier, rows: list[GoldenRow], tolerance: float) -> list[str]:
    """Send the rows through the classifier; what differs from the trained model, as problems."""
    texts, contexts = [row.text for row in rows], [row.context for row in rows]
    problems = _token_problems(classifier, rows)
    logits = classifier.logits(texts, contexts)
    for task in classifier.tasks:
        try:
            problems += _task_problems(task, classifier.decodings[task.id], logits[task.id], rows, tolerance)
        except (KeyError, TypeError, ValueError):
            expected = f"task {task.id} with a probability for each of its labels"
            problems.append(describe(expected, "others", "labels were renamed, added or removed: " + AGAIN, NAME))
    return problems


def _token_problems(classifier: Classifier, rows: list[GoldenRow]) -> list[str]:
    encoded = classifier.encode([row.text for row in rows], [row.context for row in rows])
    parts = np.split(encoded.ids, encoded.offsets[1:-1])
    wrong = [i + 1 for i, (part, row) in enumerate(zip(parts, rows, strict=True)) if part.tolist() != row.ids]
    if not wrong:
        return []
    got = f"others in {len(wrong)} of {len(rows)} rows (lines {_few(wrong)})"
    return [describe("the token ids of the trained model", got, AGAIN, f"tokenizer.json against {NAME}")]


def _task_problems(
    task: TaskSpec, decoding: Decoding, logits_BC: NDArray[np.float32], rows: list[GoldenRow], tolerance: float
) -> list[str]:
    stored = [row.tasks[task.id] for row in rows]
    wanted = np.array([[entry["probabilities"][label] for label in task.label_ids] for entry in stored])
    got = probabilities(logits_BC, task.kind, decoding.temperature)
    where = f"{NAME} task {task.id}"
    problems = []
    agreement = compare(wanted, got, task.kind, decoding.thresholds, tie=tolerance)
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
    return problems


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
