"""epochs.jsonl: one line a validation."""

from __future__ import annotations

import json

from tiny_training import tiny_run

from xinyi.training.fit import fit


def test_each_epoch_leaves_its_metrics(tmp_path):
    run = tiny_run(epochs=3)
    result = fit(run.module, run.train, run.validation, tmp_path, run.settings)
    rows = [json.loads(line) for line in (tmp_path / "epochs.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[-1]["step"] == result.steps
    assert max(row["val/primary"] for row in rows) == result.best_score
    assert {"val/loss", "val/sentiment", "val/emotion", "val/intent"} <= rows[0].keys()
