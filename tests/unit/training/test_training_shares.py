"""Batches of one optimiser step count by their rows: the gradient is that of all the rows together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_training import tiny_run, tiny_split

from xinyi.tasks.counts import labelled
from xinyi.training.loader import BatchLoader, collate
from xinyi.training.objective import Extras
from xinyi.training.shares import shares_of

SPLIT = tiny_split(40)
SEVERAL_TASKS = ("sentiment", "emotion", "intent")


def gradients(model) -> dict[str, torch.Tensor]:
    return {name: weight.grad.clone() for name, weight in model.named_parameters()}


def step_of(run, processes: int, accumulate: int, number: int, split) -> list:
    """All batches of one optimiser step, over all processes, as each process's loader gives them."""
    found = []
    for rank in range(processes):
        batches = run.train.batches
        batches.rank, batches.world_size = rank, processes
        batches._total = batches._count()
        loader = BatchLoader(split, batches, 0, accumulate, run.module.objective.counts)
        found += list(loader)[number * accumulate : (number + 1) * accumulate]
    return found


@pytest.mark.parametrize("extras", [None, Extras(uncertainty=True)], ids=["plain", "weights learnt"])
@pytest.mark.parametrize(("processes", "accumulate"), [(2, 1), (1, 3), (2, 2)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_gradient_is_that_of_all_rows(processes, accumulate, extras, weighted):
    run, split = tiny_run(dropout=0.0, extras=extras), SPLIT
    if weighted:
        split = replace(SPLIT, weights=np.where(np.arange(40) % 3, 1.0, 0.25).astype(np.float32))
    batches = step_of(run, processes, accumulate, 0, split)
    assert len(batches) == processes * accumulate
    for batch in batches:
        loss, _ = run.module.objective(run.module.model, batch)
        (loss / len(batches)).backward()
    found = gradients(run.module.model)
    run.module.model.zero_grad()
    together = collate(split, np.concatenate([batch.rows_B.numpy() for batch in batches]), 0)
    run.module.objective(run.module.model, together)[0].backward()
    for name, gradient in gradients(run.module.model).items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-4, atol=1e-6, msg=name)


def test_teachers_count_by_rows():
    run = tiny_run(dropout=0.0, extras=Extras(distill=0.5))
    split = replace(SPLIT, teacher={"intent": np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)})
    batches = step_of(run, 2, 2, 0, split)
    assert len({len(batch.rows_B) for batch in batches}) > 1
    each = [float(run.module.objective(run.module.model, batch)[1]["intent"]) for batch in batches]
    together = collate(split, np.concatenate([batch.rows_B.numpy() for batch in batches]), 0)
    whole = float(run.module.objective(run.module.model, together)[1]["intent"])
    assert np.mean(each) == pytest.approx(whole, rel=1e-5)


def test_shares_are_one_on_average_also_in_a_last_step_with_fewer_batches():
    run = tiny_run(accumulate=4)
    assert len(run.train) % 4
    batches = list(run.train)
    for first in range(0, len(batches), 4):
        step = batches[first : first + 4]
        for task in SEVERAL_TASKS:
            assert np.mean([batch.shares.get(task, 1.0) for batch in step]) == pytest.approx(1.0)
        assert np.mean([batch.row_share for batch in step]) == pytest.approx(1.0)


def test_a_batch_by_itself_has_no_shares():
    assert all(batch.shares == {} and batch.row_share == 1.0 for batch in tiny_run().train)


def test_a_step_without_any_label_is_left_alone():
    split = replace(SPLIT, targets={"intent": np.full(40, -1)})
    shares, row_share = shares_of(split, np.arange(4), [np.arange(4), np.arange(4, 20)], {"intent": labelled})
    assert (shares, row_share) == ({"intent": 1.0}, pytest.approx(0.4))
