"""Batches as tensors: naive padding gives the same, and a stopped iteration goes on at the very next batch."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_training import tiny_split

from xinyi.data.batches import TokenBudgetBatches
from xinyi.training.loader import BatchLoader, collate

SPLIT = tiny_split(40)


def loader() -> BatchLoader:
    return BatchLoader(SPLIT, TokenBudgetBatches(SPLIT.encoded.lengths, 64, 8, seed=3), 0)


def row_ids(batches) -> list[list[int]]:
    return [batch.rows_B.tolist() for batch in batches]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 39), min_size=1, max_size=10), st.integers(0, 3))
def test_collate_is_naive_padding(rows, pad):
    batch = collate(SPLIT, np.array(rows), pad)
    encoded = SPLIT.encoded
    each = [slice(encoded.offsets[row], encoded.offsets[row + 1]) for row in rows]
    ids = [torch.from_numpy(encoded.ids[part]).long() for part in each]
    padded = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=pad)
    assert torch.equal(batch.ids_BL, padded)
    lengths = torch.tensor([len(row) for row in ids])
    assert torch.equal(batch.mask_BL, (torch.arange(padded.shape[1]) < lengths[:, None]).long())
    assert batch.tokens == int(lengths.sum()) == int(batch.mask_BL.sum())
    for task, values in SPLIT.targets.items():
        assert torch.equal(batch.targets[task], torch.from_numpy(values[rows]))


def test_types_follow_their_tokens_and_padding_is_of_type_zero():
    split = tiny_split(6)
    split.encoded.types[:] = np.arange(1, len(split.encoded.types) + 1) % 2
    batch = collate(split, np.array([4, 1]), 0)
    for row, types_L, mask_L in zip((4, 1), batch.types_BL, batch.mask_BL, strict=True):
        own = split.encoded.types[split.encoded.offsets[row] : split.encoded.offsets[row + 1]]
        assert types_L[mask_L == 1].tolist() == own.tolist()
        assert types_L[mask_L == 0].sum() == 0


def test_an_iteration_gives_each_row_once():
    rows = [row for batch in row_ids(loader()) for row in batch]
    assert sorted(rows) == list(range(40))
    assert len(list(loader())) == len(loader())


def test_the_second_iteration_starts_at_the_beginning():
    made = loader()
    assert row_ids(made) == row_ids(made)


def test_the_order_follows_the_epoch_alone():
    one, other = loader(), loader()
    first = row_ids(one)
    one.set_epoch(1)
    other.set_epoch(1)
    assert row_ids(one) == row_ids(other) != first
    one.set_epoch(0)
    assert row_ids(one) == first


def test_the_epoch_may_be_set_after_the_iteration_was_asked_for():
    made, other = loader(), loader()
    iterator = iter(made)
    made.set_epoch(2)
    other.set_epoch(2)
    assert row_ids(iterator) == row_ids(other)


@pytest.mark.parametrize("stop", range(1, 7))
def test_it_resumes_at_the_very_next_batch(stop):
    made = loader()
    made.set_epoch(3)
    expected = row_ids(made)
    iterator = iter(made)
    for _ in range(stop):
        next(iterator)
    state = json.loads(json.dumps(made.state_dict()))
    again = loader()
    again.load_state_dict(state)
    again.set_epoch(3)  # as Lightning does before each epoch
    assert row_ids(again) == expected[stop:]
    again.set_epoch(4)
    made.set_epoch(4)
    assert row_ids(again) == row_ids(made)


def test_a_state_from_an_epochs_end_begins_the_next_epoch():
    made = loader()
    list(made)
    again = loader()
    again.load_state_dict(made.state_dict())
    again.set_epoch(1)
    made.set_epoch(1)
    assert row_ids(again) == row_ids(made)


def test_an_epoch_that_was_broken_off_leaves_nothing_to_the_next():
    made, other = loader(), loader()
    iterator = iter(made)
    next(iterator)
    next(iterator)
    made.set_epoch(1)
    other.set_epoch(1)
    assert row_ids(made) == row_ids(other)


def test_a_batch_moves_with_all_its_tensors():
    batch = collate(SPLIT, np.array([0, 1]), 0)
    moved = batch.to(torch.device("meta"))
    tensors = [moved.ids_BL, moved.mask_BL, moved.types_BL, *moved.targets.values()]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert moved.tokens == batch.tokens
    assert torch.equal(moved.rows_B, batch.rows_B)
