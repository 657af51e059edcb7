"""scripts/results_table.py and scripts/linear_floor.py."""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parents[3] / "scripts"
sys.path.insert(0, str(SCRIPTS))  # as when a script is run


def load_script(name: str) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(seed: int, f1: float) -> dict:
    """The parts of a report that the table reads."""
    estimate = {"value": f1, "low": f1 - 0.1, "high": f1 + 0.1, "n": 50}
    metrics = {"macro_f1": estimate, "accuracy": estimate}
    run = {"seed": seed, "train_seconds": 10.0 * seed}
    return {"data": {"name": "toy"}, "run": run, "tasks": {"intent": {"test": {"metrics": metrics}}}}


def test_seeds_of_one_data_set_become_one_row(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    for seed, f1 in ((1, 0.5), (2, 0.6)):
        folder = tmp_path / f"run{seed}" / "report"
        folder.mkdir(parents=True)
        (folder / "report.json").write_text(json.dumps(report(seed, f1)), encoding="utf-8")
    floors = tmp_path / "floors.jsonl"
    floors.write_text(json.dumps({"data": "toy", "task": "intent", "macro_f1": 0.4}) + "\n", encoding="utf-8")
    runs = [str(tmp_path / "run1"), str(tmp_path / "run2")]
    monkeypatch.setattr(sys, "argv", ["results_table.py", "--floors", str(floors), *runs])
    load_script("results_table").main()
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| toy")]
    assert len(rows) == 1
    assert "0.550 ± 0.050 (0.400–0.600)" in rows[0]
    assert "macro_f1 0.400" in rows[0]
    assert "1, 2" in rows[0]
    assert rows[0].rstrip(" |").endswith("15")


def test_backbones_are_set_beside_the_floor_of_the_same_rows(tmp_path: Path, monkeypatch, capsys) -> None:
    for seed, f1 in ((7, 0.5), (8, 0.6)):
        folder = tmp_path / "runs" / f"toy-500-embedded-{seed}" / "report"
        folder.mkdir(parents=True)
        content = report(seed, f1)
        content["tasks"]["intent"]["test"]["rows"] = 50
        (folder / "report.json").write_text(json.dumps(content), encoding="utf-8")
    lines = [
        {"data": "toy", "task": "intent", "rows": "500", "seed": seed, "n": 50, "macro_f1": f1}
        for seed, f1 in ((7, 0.1), (7, 0.3), (8, 0.4))  # seed 7 was measured twice: the last line counts
    ]
    lines.append({"data": "toy", "task": "intent", "rows": "all", "seed": 7, "n": 50, "macro_f1": 0.9})
    floors = tmp_path / "floors.jsonl"
    floors.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["backbone_table.py", "--floors", str(floors), str(tmp_path / "runs")])
    load_script("backbone_table").main()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[:6] for row in rows] == [
        ["toy / intent", "500", "embedded", "2", "50", "0.550 ± 0.071"],
        ["toy / intent", "500", "linear floor", "2", "50", "0.350 ± 0.071"],
    ]


def test_a_comparison_makes_what_is_missing_and_resumes_what_was_stopped(tmp_path: Path, monkeypatch) -> None:
    there, stopped = tmp_path / "toy-500-random-7", tmp_path / "toy-500-embedded-7"
    for path in (there / "report" / "report.json", stopped / "config.yaml"):
        path.parent.mkdir(parents=True)
        path.write_text("{}", encoding="utf-8")
    script, given = load_script("compare_backbones"), []

    def run(command, **_):
        given.append(command[3:])
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(script.subprocess, "run", run)
    backbones = ["random", "embedded", "own:DIR/model", "other"]
    options = ["--output", str(tmp_path), "--data", "DATA", "--seeds", "7", "--rows", "500"]
    options += ["--experiments", "toy", "checks=none"]  # an override behind a list of names
    monkeypatch.setattr(sys, "argv", ["", *options, "--parallel", "1", "--backbones", *backbones])
    with pytest.raises(SystemExit) as ended:
        script.main()
    assert ended.value.code == 0
    resumed, own, other = given
    assert resumed == ["resume", str(stopped)]
    assert {
        "experiment=toy",
        "checks=none",
        "backbone=own",
        "backbone.path=DIR/model",
        "seed=7",
        "data.train_limit=500",
    } <= set(own)
    assert {"backbone=local", "backbone.path=other", f"hydra.run.dir={tmp_path / 'toy-500-other-7'}"} <= set(other)


def test_the_floor_learns_what_characters_tell(tmp_path: Path, monkeypatch, capsys) -> None:
    rng = random.Random(0)
    words = {"甲": "发票开具抬头", "乙": "快递物流到哪"}
    for split, rows in (("train", 60), ("test", 40)):
        lines = []
        for i in range(rows):
            label = "甲乙"[i % 2]
            lines.append(json.dumps({"text": "".join(rng.choices(words[label], k=6)) + str(i), "label": label}))
        (tmp_path / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    overrides = ["task=own", "data=files", f"data.root={tmp_path}", "data.train=train.jsonl", "data.test=test.jsonl"]
    output = tmp_path / "floors.jsonl"
    argv = ["linear_floor.py", "--output", str(output), *overrides, "data.labels.kind=label"]
    monkeypatch.setattr(sys, "argv", argv)
    load_script("linear_floor").main()
    found = json.loads(output.read_text(encoding="utf-8"))
    assert found["n"] == 40
    assert found["macro_f1"] > 0.95
    assert (found["rows"], found["seed"]) == ("all", 7)
