"""Token budget batches: properties over random lengths, and the tiny sets where counts get tight."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.data.batches import TokenBudgetBatches
from xinyi.errors import ConfigError

LENGTHS = st.lists(st.integers(1, 90), min_size=1, max_size=150)
BUDGETS = st.tuples(st.integers(1, 400), st.integers(1, 20))
WORLDS = st.integers(1, 8)


def all_ranks(lengths, budget, world, epoch, shuffle=True):
    made = [TokenBudgetBatches(lengths, *budget, 7, shuffle, rank, world) for rank in range(world)]
    return [(len(batches), batches.epoch(epoch)) for batches in made]


@settings(max_examples=150, deadline=None)
@given(LENGTHS, BUDGETS, WORLDS, st.integers(0, 5), st.booleans())
def test_rows_budget_and_counts(lengths, budget, world, epoch, shuffle):
    tokens, most_rows = budget
    ranks = all_ranks(lengths, budget, world, epoch, shuffle)
    total = sum(count for count, _ in ranks)
    assert len({count for count, _ in ranks}) == 1
    for count, batches in ranks:
        assert len(batches) == count
        for batch in batches:
            padded = len(batch) * max(lengths[i] for i in batch)
            assert padded <= tokens or len(batch) == 1
            assert 1 <= len(batch) <= most_rows
    seen = np.bincount(np.concatenate([row for _, batches in ranks for row in batches]), minlength=len(lengths))
    assert seen.min() >= 1
    assert seen.max() == 1 or total > len(lengths)  # repeats only where rows run out


@settings(max_examples=60, deadline=None)
@given(LENGTHS, BUDGETS, WORLDS)
def test_every_row_once_when_rows_suffice(lengths, budget, world):
    lengths = (lengths * world * 2)[: len(lengths) * world * 2 // world * world]
    ranks = all_ranks(lengths, budget, world, 3)
    rows = sorted(int(i) for _, batches in ranks for batch in batches for i in batch)
    assert rows == list(range(len(lengths)))


@settings(max_examples=40, deadline=None)
@given(LENGTHS, BUDGETS, st.integers(0, 4))
def test_deterministic(lengths, budget, epoch):
    one, two = (TokenBudgetBatches(lengths, *budget, 7).epoch(epoch) for _ in range(2))
    assert [batch.tolist() for batch in one] == [batch.tolist() for batch in two]


@settings(max_examples=40, deadline=None)
@given(LENGTHS, BUDGETS, WORLDS)
def test_count_is_the_same_for_every_epoch(lengths, budget, world):
    made = TokenBudgetBatches(lengths, *budget, 7, rank=world - 1, world_size=world)
    assert {len(made.epoch(n)) for n in range(6)} == {len(made)}


def realistic(rows=4000):
    return np.clip(np.random.Generator(np.random.PCG64(1)).lognormal(3, 0.7, rows), 3, 128).astype(int)


def test_composition_and_order_differ_between_epochs_and_seeds():
    made = TokenBudgetBatches(realistic(), 2048, 64, 7)
    first, second = ({frozenset(batch.tolist()) for batch in made.epoch(n)} for n in (0, 1))
    assert len(first & second) < 0.05 * len(first)
    other = TokenBudgetBatches(realistic(), 2048, 64, 8).epoch(0)
    assert [b.tolist() for b in made.epoch(0)] != [b.tolist() for b in other]


def test_rows_of_different_length_meet_in_different_batches():
    made = TokenBudgetBatches(np.arange(1000, 3000), 64_000, 32, 7)
    first, second = ({frozenset(batch.tolist()) for batch in made.epoch(n)} for n in (0, 1))
    assert len(first & second) < 0.2 * len(first)


def test_little_padding_on_mixed_lengths():
    lengths = realistic()
    batches = TokenBudgetBatches(lengths, 2048, 64, 7).epoch(0)
    padded = sum(len(batch) * lengths[batch].max() for batch in batches)
    assert lengths.sum() / padded > 0.85
    tight = TokenBudgetBatches(lengths, 2048, 64, 7, shuffle=False).epoch(0)
    assert len(tight) <= len(batches) <= 1.05 * len(tight) + 1


def test_shuffled_order_of_lengths_is_random_and_evaluation_goes_from_long_to_short():
    lengths = realistic()
    shuffled = [lengths[b].max() for b in TokenBudgetBatches(lengths, 2048, 64, 7).epoch(0)]
    assert abs(np.corrcoef(np.arange(len(shuffled)), shuffled)[0, 1]) < 0.4
    longest = [lengths[b].max() for b in TokenBudgetBatches(lengths, 2048, 64, 7, shuffle=False).epoch(0)]
    assert longest == sorted(longest, reverse=True)


def test_ranks_of_one_step_have_like_lengths():
    lengths = realistic()
    one, two = (TokenBudgetBatches(lengths, 2048, 64, 7, rank=rank, world_size=2).epoch(0) for rank in (0, 1))
    gaps = [abs(int(lengths[a].max()) - int(lengths[b].max())) for a, b in zip(one, two, strict=True)]
    assert np.mean(gaps) < 5


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5])
def test_tiny_sets_over_two_ranks(rows):
    ranks = all_ranks([10] * rows, (1000, 32), 2, 0)
    assert [count for count, _ in ranks] == [1, 1]
    seen = [int(i) for _, batches in ranks for batch in batches for i in batch]
    assert set(seen) == set(range(rows))
    assert len(seen) == (2 if rows == 1 else rows)


def test_three_rows_that_fit_no_common_batch_are_repeated_for_two_ranks():
    ranks = all_ranks([100, 100, 100], (50, 32), 2, 0)
    seen = [int(i) for _, batches in ranks for batch in batches for i in batch]
    assert [count for count, _ in ranks] == [2, 2]
    assert sorted(set(seen)) == [0, 1, 2]
    assert len(seen) == 4


def test_bad_arguments_are_all_named():
    with pytest.raises(ConfigError) as caught:
        TokenBudgetBatches([], 0, 1, 7, rank=2, world_size=2)
    assert len(caught.value.problems) == 3
