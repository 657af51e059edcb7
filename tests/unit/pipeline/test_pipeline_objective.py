"""What training steers by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_bundle import TASKS

from xinyi.pipeline.objective import build_score


def test_one_answer_for_all_is_no_progress_and_a_task_without_rows_no_score():
    ordinal = next(replace(task, primary="spearman") for task in TASKS if task.kind == "ordinal")
    score, labels = build_score([ordinal]), len(ordinal.labels)
    gold = np.arange(20) % labels
    told = score(ordinal.id, gold, np.eye(labels)[gold] * 9.0)
    constant = score(ordinal.id, gold, np.eye(labels)[np.zeros(20, int)] * 9.0)
    assert told == pytest.approx(1.0)
    assert constant == -1.0
    assert np.isnan(score(ordinal.id, np.full(20, -1), np.eye(labels)[gold]))
