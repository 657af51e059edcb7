"""What a model answers besides the rows of its data: behaviour suites, and how long one text takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from xinyi.config.schema.evaluation import EvaluationConfig
from xinyi.evaluation.behaviour import load_suites, run_suites
from xinyi.evaluation.behaviour.run import Answer
from xinyi.pipeline.folder import RunFolder
from xinyi.pipeline.latency import time_calls
from xinyi.pipeline.parts import Parts
from xinyi.tasks.spec import TaskSpec

# Texts timed one by one, after some that warm up.
TIMED, WARM = 60, 5


def ask_suites(
    config: EvaluationConfig, folder: RunFolder, answer: Answer, tasks: Sequence[TaskSpec], table: pa.Table
) -> Any:
    """Ask the configured suites and, where they want rows, the table's; the answers' path, None without suites.

    Raises ConfigError when a suite cannot be used.
    """
    suites = load_suites(config.suites)
    if not suites:
        return None
    texts, contexts = table["text"].to_pylist(), table["context"].to_pylist()
    path = folder.predictions("behaviour")
    return run_suites(suites, answer, tasks, path, texts, contexts, config.behaviour_rows)


def latency(answer: Answer, table: pa.Table) -> dict[str, Any]:
    """`{p50, p95}`: milliseconds for one text at a time, over texts spread evenly over the lengths."""
    rows = sorted(
        zip(table["text"].to_pylist(), table["context"].to_pylist(), strict=True), key=lambda row: len(row[0])
    )
    picked = [rows[place] for place in np.linspace(0, len(rows) - 1, TIMED).round().astype(int)] if rows else []
    return time_calls(answer, picked, TIMED, WARM) if picked else {}


def answers_of(parts: Parts, masking: bool) -> Answer:
    """The trained model as the suites ask it: raw texts in, logits out."""
    from xinyi.data.tokens import EncodedSplit
    from xinyi.pipeline.predicting import logits_of
    from xinyi.text import prepare

    def answer(texts: list[str], contexts: list[str]) -> Mapping[str, Any]:
        simplify = parts.encoder.settings.simplify
        clean, turns = (
            [prepare(text, masking=masking, simplify=simplify) for text in side] for side in (texts, contexts)
        )
        encoded = parts.encoder.encode(clean, turns if any(turns) else None)
        return logits_of(parts, EncodedSplit(encoded, {}))

    return answer
