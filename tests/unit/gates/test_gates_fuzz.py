"""A report with anything anywhere in it: a verdict or a clear error, never a traceback."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from gate_world import make_parity
from paired_world import evidence, make_report, make_rows, read_world

from xinyi.errors import BundleError
from xinyi.gates import against, judge, parse_rules, render_console, render_junit, render_markdown

RULES = [
    {"rule": "rows", "minimum": 500},
    {"rule": "recomputed"},
    {"rule": "beats_baseline"},
    {"rule": "worst_label_recall", "minimum": 0.3},
    {"rule": "calibration", "maximum": 0.5},
    {"rule": "slice_gap", "maximum": 0.9},
    {"rule": "behaviour", "minimum": 0.0},
    {"rule": "no_regression", "margin": 0.05},
    {"rule": "no_regression", "margin": 0.5, "slice": "*"},
    {"rule": "parity"},
    {"rule": "data_findings"},
]
ODD: list[Any] = [None, True, -1, 7.5, float("nan"), "", "文", [], [None], {}, {"a": 1}, 10**400]
TRIES = 120


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    work, rows = tmp_path_factory.mktemp("fuzz"), make_rows(200)
    files = [make_report(work / name, rows, s, seed, name) for name, s, seed in (("a", 2.8, 10), ("b", 2.0, 3))]
    return read_world(*files) | {"parity": make_parity()}


def spoil(world: dict[str, Any], rng: random.Random) -> str:
    """Replace or delete one node, wherever it lies; says where."""
    node, path = world[rng.choice(["report", "report", "champion", "parity"])], []
    while True:
        key = rng.choice(list(node) if isinstance(node, dict) else range(len(node)))
        path.append(str(key))
        deeper = isinstance(node[key], (dict, list)) and node[key] and rng.random() < 0.85
        if not deeper:
            break
        node = node[key]
    if rng.random() < 0.3:
        del node[key]
    else:
        node[key] = rng.choice(ODD)
    return ".".join(path)


def test_no_report_brings_the_gate_down(whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(against, "RESAMPLES", 100)
    rules, verdicts = parse_rules(RULES), set()
    for seed in range(TRIES):
        world = copy.deepcopy(whole)
        where = spoil(world, random.Random(seed))
        try:
            gate = judge(evidence(world), rules)
        except BundleError:
            continue
        except Exception as error:
            pytest.fail(f"seed {seed}, {where}: {error!r}")
        verdicts.add(gate["verdict"])
        json.dumps(gate, allow_nan=False)
        for render in (render_console, render_junit, render_markdown):
            assert gate["verdict"] in render(gate).lower() or render is render_junit
    assert verdicts


def test_the_file_of_answers_may_be_anything(whole: dict[str, Any], tmp_path: Path) -> None:
    from xinyi.evaluation.answers import read_answers, write_answers

    raw = write_answers(whole["answers"], tmp_path).read_bytes()
    rng = random.Random(1)
    for _ in range(60):
        broken = bytearray(raw)
        for _ in range(rng.randint(1, 4)):
            broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
        (tmp_path / "answers.npz").write_bytes(bytes(broken[: rng.choice([len(raw), rng.randrange(len(raw))])]))
        try:
            found = read_answers(tmp_path)
        except BundleError:
            continue
        assert found is not None
        for split in found.values():
            split.digest()
