"""epochs.jsonl: one line a validation."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from tiny_training import tiny_run

from xinyi.training.epoch_log import EpochLog
from xinyi.training.fit import fit


def test_each_epoch_leaves_its_metrics(tmp_path):
    run = tiny_run(epochs=3)
    result = fit(run.module, run.train, run.validation, tmp_path, run.settings)
    rows = [json.loads(line) for line in (tmp_path / "epochs.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[-1]["step"] == result.steps
    assert max(row["val/primary"] for row in rows) == result.best_score
    assert {"val/loss", "val/sentiment", "val/emotion", "val/intent"} <= rows[0].keys()


@pytest.mark.parametrize(
    ("step", "kept"), [(0, []), (7, [1]), (13, [1]), (14, [1, 2]), (99, [1, 2])], ids=lambda value: str(value)
)
def test_a_run_that_goes_on_takes_out_what_came_after_its_checkpoint(tmp_path, step, kept):
    path = tmp_path / "epochs.jsonl"
    path.write_text('{"epoch": 1, "step": 7}\n{"epoch": 2, "step": 14}\n{"epoch": 3, "st', encoding="utf-8")
    EpochLog(path).on_train_start(SimpleNamespace(is_global_zero=True, global_step=step), None)
    assert [json.loads(line)["epoch"] for line in path.read_text(encoding="utf-8").splitlines()] == kept
    assert list(tmp_path.iterdir()) == [path]
