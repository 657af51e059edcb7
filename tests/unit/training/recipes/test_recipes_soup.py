"""Greedy soup: against a loop over numbers, and in a training run."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_training import tiny_run, weights_of

from xinyi.training.fit import fit
from xinyi.training.recipes.soup import PATTERN, greedy_soup, mean


def ingredient(value: float) -> dict[str, torch.Tensor]:
    return {"w": torch.tensor([value, 2.0 * value]), "count": torch.tensor(3)}


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=6), st.integers(-10, 10))
def test_it_is_the_papers_recipe(values, goal):
    """Weights that are one number; the score is how near the mean comes to a goal."""
    soup = greedy_soup([ingredient(float(v)) for v in values], lambda w: -abs(float(w["w"][0]) - goal))
    order = sorted(range(len(values)), key=lambda i: abs(values[i] - goal))
    kept, best = [order[0]], abs(values[order[0]] - goal)
    for i in order[1:]:
        off = abs(sum(values[k] for k in [*kept, i]) / (len(kept) + 1) - goal)
        if off <= best + 1e-6:
            kept, best = [*kept, i], off
    assert list(soup.kept) == kept
    assert soup.score >= soup.alone == -abs(values[order[0]] - goal)
    assert float(soup.weights["w"][1]) == pytest.approx(2.0 * sum(values[k] for k in kept) / len(kept), abs=1e-4)


def test_whole_numbers_are_not_averaged_and_nothing_is_worse_than_nan():
    made = mean([ingredient(1.0), {**ingredient(3.0), "count": torch.tensor(9)}])
    assert torch.equal(made["w"], torch.tensor([2.0, 4.0]))
    assert made["count"] == 3
    scores = {1.0: float("nan"), 2.0: 0.5}
    soup = greedy_soup([ingredient(1.0), ingredient(2.0)], lambda w: scores.get(float(w["w"][0]), float("nan")))
    assert soup.kept == (1,)


def test_the_best_checkpoints_of_a_run_are_kept_for_it(tmp_path):
    found = {}

    def score(task, target, logits):
        found.setdefault(task, []).append(value := (0.1, 0.9, 0.3, 0.8)[len(found.get(task, []))])
        return value

    run = tiny_run(score, soup=2)
    result = fit(run.module, run.train, run.validation, tmp_path, run.settings)
    steps = len(run.train)
    kept = sorted(path.name for path in (tmp_path / "checkpoints").glob(PATTERN))
    assert kept == sorted([f"soup-{2 * steps}.ckpt", f"soup-{4 * steps}.ckpt"])
    best, first = weights_of(result.best), weights_of(tmp_path / "checkpoints" / f"soup-{2 * steps}.ckpt")
    assert all(torch.equal(best[name], first[name]) for name in best)
