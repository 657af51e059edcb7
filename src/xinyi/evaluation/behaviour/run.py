"""Ask a model all cases of the suites and store its answers: predictions/behaviour.parquet."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from xinyi.errors import BundleError, XinyiError, describe
from xinyi.evaluation.behaviour.cases import Case, make_cases
from xinyi.evaluation.behaviour.suite import Suite
from xinyi.evaluation.predictions import KEY, list_column, read_logits
from xinyi.evaluation.storage import write_whole
from xinyi.tasks.spec import TaskSpec

SCHEMA_VERSION = 1
AGAIN = "evaluate again with this version"
# Raw texts and their contexts to each task's logits (B, C).
Answer = Callable[[list[str], list[str]], Mapping[str, NDArray]]


@dataclass(frozen=True, eq=False)
class Answered:
    """Cases and each task's logits: of the texts (B, C), and of the changed texts (B, C; zeros where there is none)."""

    suites: list[Suite]
    cases: list[Case]
    specs: dict[str, TaskSpec]
    before: dict[str, NDArray[np.float32]]
    after: dict[str, NDArray[np.float32]]


def run_suites(
    suites: Sequence[Suite],
    answer: Answer,
    tasks: Sequence[TaskSpec],
    path: Path,
    texts: Sequence[str] = (),
    contexts: Sequence[str] = (),
    rows: int = 100,
) -> Path:
    """Ask every different text once and store the answers, beside first, then renamed.

    Args:
        answer: the model; it prepares texts itself.
        texts, contexts, rows: see `make_cases`.

    Raises:
        BundleError: the file cannot be written.
    """
    cases = make_cases(suites, texts, contexts, rows)
    asked = dict.fromkeys(
        (text, case.context) for case in cases for text in (case.text, case.changed) if text is not None
    )
    places = {key: place for place, key in enumerate(asked)}
    logits = answer([text for text, _ in asked], [context for _, context in asked]) if asked else {}
    columns: dict[str, pa.Array] = {
        name: pa.array([getattr(case, name) for case in cases], kind)
        for name, kind in (("suite", pa.string()), ("test", pa.string()), ("text", pa.string()),
                           ("changed", pa.string()), ("context", pa.string()), ("ours", pa.bool_()))
    }  # fmt: skip
    first = np.array([places[case.text, case.context] for case in cases], dtype=np.int64)
    after = (case.text if case.changed is None else case.changed for case in cases)  # a change may leave nothing
    second = np.array([places[text, case.context] for text, case in zip(after, cases, strict=True)], dtype=np.int64)
    for task in tasks:
        found = logits[task.id] if asked else np.zeros((0, len(task.labels)), np.float32)
        columns |= {f"before.{task.id}": list_column(found[first]), f"after.{task.id}": list_column(found[second])}
    about = {"schema_version": SCHEMA_VERSION, "suites": [suite.to_dict() for suite in suites]}
    about["tasks"] = [task.to_dict() for task in tasks]
    table = pa.table(columns).replace_schema_metadata({KEY: json.dumps(about, ensure_ascii=False).encode()})
    return write_whole(path, lambda part: pq.write_table(table, part, compression="zstd"), "answers cannot be written")


def read_answers(path: Path) -> Answered:
    """What `run_suites` stored. Raises BundleError when the file is missing, damaged or of another version."""
    try:
        table = pq.read_table(path)
        about = json.loads((table.schema.metadata or {})[KEY])
        if about["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema version {about['schema_version']}")
        specs = {raw["id"]: TaskSpec.from_dict(raw) for raw in about["tasks"]}
        names = ("suite", "test", "text", "changed", "context", "ours")
        cases = [Case(*row) for row in zip(*(table[name].to_pylist() for name in names), strict=True)]
        sides = [
            {n: read_logits(table[f"{side}.{n}"], spec) for n, spec in specs.items()} for side in ("before", "after")
        ]
        return Answered([Suite.from_dict(raw) for raw in about["suites"]], cases, specs, *sides)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError, XinyiError) as error:
        problem = describe("answers to behaviour suites", f"{type(error).__name__}: {error}", AGAIN, str(path))
        raise BundleError([problem]) from error
