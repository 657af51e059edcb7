from __future__ import annotations

import numpy as np
from evaluation_world import MOOD, WISH

from xinyi.evaluation.label_issues import label_issues


def test_planted_label_errors_come_first() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(4, size=300)
    probs = np.full((300, 4), 0.02)
    probs[np.arange(300), truth] = 0.94
    gold = truth.copy()
    planted = rng.choice(300, 12, replace=False)
    gold[planted] = (truth[planted] + 1) % 4
    ids = [str(row) for row in range(300)]
    found = label_issues(WISH, ids, ["文"] * 300, gold, probs.argmax(1), probs, 20)
    assert found["suspected"] == 12
    assert {int(row["id"]) for row in found["shown"]} == set(planted.tolist())
    first = found["shown"][0]
    assert first["gold"] != first["suggested"] == WISH.label_ids[truth[int(first["id"])]]
    assert first["probability"] < 0.1


def test_planted_errors_of_a_multi_task() -> None:
    rng = np.random.default_rng(1)
    truth = (rng.random((300, 3)) < 0.4).astype(int)
    probs = np.where(truth == 1, 0.95, 0.05)
    gold = truth.copy()
    gold[:9, 1] = 1 - gold[:9, 1]
    ids = [str(row) for row in range(300)]
    found = label_issues(MOOD, ids, ["文"] * 300, gold, (probs >= 0.5).astype(int), probs, 20)
    assert {int(row["id"]) for row in found["shown"]} == set(range(9))


def test_a_label_without_rows_and_too_few_rows() -> None:
    gold = np.repeat([0, 1], 20)
    probs = np.tile([0.4, 0.3, 0.2, 0.1], (40, 1))
    assert label_issues(WISH, [""] * 40, [""] * 40, gold, probs.argmax(1), probs, 5)["n"] == 40
    few = label_issues(WISH, [""] * 5, [""] * 5, gold[:5], probs[:5].argmax(1), probs[:5], 5)
    assert few["suspected"] is None
    assert few["why"]
    one = label_issues(WISH, [""] * 20, [""] * 20, gold[:20], probs[:20].argmax(1), probs[:20], 5)
    assert one["suspected"] == 0
