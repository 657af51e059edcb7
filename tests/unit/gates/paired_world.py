"""A candidate and its champion with real reports: stored predictions evaluated, answers beside each report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from xinyi.evaluation import report as reports
from xinyi.evaluation.answers import read_answers, store_answers
from xinyi.evaluation.predictions import write_predictions
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.gates import Evidence
from xinyi.tasks.decode import Decoding
from xinyi.tasks.spec import Label, TaskSpec

WISH = TaskSpec("wish", "single", tuple(Label(f"w{i}", zh) for i, zh in enumerate(("咨询", "退货", "投诉"))))
MOOD = TaskSpec("mood", "multi", (Label("anger", "愤怒"), Label("joy", "喜悦")))
STARS = TaskSpec("stars", "ordinal", tuple(Label(f"s{i}", zh) for i, zh in enumerate("差中好")))
SPECS = (WISH, MOOD, STARS)
ROWS = 600
SETTINGS = EvaluationSettings(resamples=100, errors=3)


def make_rows(size: int = ROWS, conversations: bool = False, seed: int = 5) -> pa.Table:
    """The rows that both models answer; every eleventh lacks its wish, and some contents occur twice."""
    rng = np.random.default_rng(seed)
    wish, stars = rng.choice(3, size, p=[0.5, 0.3, 0.2]), rng.integers(3, size=size)
    mood = rng.random((size, 2)) < [0.3, 0.4]
    columns = {
        "id": pa.array([f"{row - (row % 50 == 1):016x}" for row in range(size)]),
        "text": pa.array([f"快递{row}天没到" for row in range(size)]),
        "context": pa.array([""] * size),
        "label.wish": pa.array([None if row % 11 == 0 else WISH.label_ids[k] for row, k in enumerate(wish)]),
        "label.mood": pa.array([[MOOD.label_ids[k] for k in np.flatnonzero(r)] for r in mood], pa.list_(pa.string())),
        "label.stars": pa.array([STARS.label_ids[k] for k in stars]),
        "meta.channel": pa.array([("chat", "call")[row % 2] for row in range(size)]),
    }
    if conversations:
        columns["meta.conversation_id"] = pa.array([f"c{row // 3}" for row in range(size)])
    return pa.table(columns)


def make_logits(rows: pa.Table, strength: float, seed: int) -> dict[str, np.ndarray]:
    """Right answers with noise: the larger the strength, the better the model. One noise for all, another a seed."""
    shared, own = np.random.default_rng(99), np.random.default_rng(seed)
    found = {}
    for spec in SPECS:
        gold = np.zeros((len(rows), len(spec.labels)))
        for row, value in enumerate(rows[f"label.{spec.id}"].to_pylist()):
            for label in value if isinstance(value, list) else [value] if value else []:
                gold[row, spec.index[label]] = 1.0
        noise = shared.normal(0, 1, gold.shape) + 0.5 * own.normal(0, 1, gold.shape)
        found[spec.id] = strength * (gold - 0.5) + noise
        found[spec.id][1::50] = found[spec.id][:-1:50][: len(found[spec.id][1::50])]  # one content, one answer
    return found


def make_report(folder: Path, rows: pa.Table, strength: float, seed: int, name: str) -> Path:
    """report.json with its answers in `folder`; returns the file."""
    paths = {"test": folder / "predictions" / "test.parquet"}
    write_predictions(paths["test"], rows, make_logits(rows, strength, seed), SPECS, "test")
    decodings = {"wish": Decoding(1.3), "stars": Decoding(), "mood": Decoding(1.0, (0.5, 0.4))}
    counts = {spec.id: dict.fromkeys(spec.label_ids, 10) for spec in SPECS}
    splits = {"train": {"rows": 30, "labels": counts, "missing": {}}, "test": {"rows": len(rows), "fingerprint": "e"}}
    data = {"name": "演示", "fingerprint": "f", "sources": [], "splits": splits, "problems": []}
    data["checks"] = {"ran": {"leaks": 0.1}, "findings": []}
    report = reports.build(paths, decodings, {"name": name, "created": f"2025-01-02 {name}"}, data, SETTINGS)
    (folder / "report").mkdir(parents=True)
    file = folder / "report" / "report.json"
    file.write_text(json.dumps(report), encoding="utf-8")
    store_answers(paths, file.parent)
    return file


def read_world(candidate: Path, champion: Path) -> dict[str, Any]:
    """What `Evidence` takes, fresh from disk, so that it can be spoilt."""
    loaded = [json.loads(file.read_text(encoding="utf-8")) for file in (candidate, champion)]
    answers = [read_answers(file.parent) for file in (candidate, champion)]
    return {"report": loaded[0], "champion": loaded[1], "answers": answers[0], "champion_answers": answers[1]}


def evidence(world: dict[str, Any]) -> Evidence:
    """The world as rules see it."""
    return Evidence(**world)
