"""What words say by themselves: against a loop over tokens and pairs, and on what only a pair tells."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.models.lexical import BUCKETS, Lexical

SIZES = {"intent": 3, "emotion": 2}


@pytest.fixture(scope="module")
def lexical():
    made = Lexical(50, SIZES)
    torch.nn.init.normal_(made.table.weight, generator=torch.Generator().manual_seed(3))
    return made


def by_hand(lexical, ids, types):
    """Logits of one row without padding: the last segment's tokens and pairs, one by one."""
    own = [i for i, kind in enumerate(types) if kind == max(types)]
    rows = [lexical.table.weight[ids[i]] for i in own]
    rows += [
        lexical.table.weight[50 + (ids[i] * 4099 + ids[i + 1]) % BUCKETS]
        for i in own
        if i + 1 < len(ids) and i + 1 in own
    ]
    said = 2.0 * torch.stack(rows).sum(0) / math.sqrt(len(own))
    return {"intent": said[:3], "emotion": said[3:]}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 49), min_size=1, max_size=9), st.integers(0, 8), st.integers(0, 4))
def test_it_is_the_sum_over_tokens_and_pairs_of_the_message(lexical, ids, context, padding):
    context = min(context, len(ids) - 1)
    types = [0] * context + [1] * (len(ids) - context)
    ids_BL = torch.tensor([ids + [0] * padding])
    mask_BL = torch.tensor([[1] * len(ids) + [0] * padding])
    types_BL = torch.tensor([types + [0] * padding])
    found = lexical(ids_BL, mask_BL, types_BL)
    for task, expected_C in by_hand(lexical, ids, types).items():
        torch.testing.assert_close(found[task][0], expected_C, rtol=1e-4, atol=1e-4)


def test_a_new_one_says_nothing():
    said = Lexical(50, SIZES)(torch.tensor([[1, 2, 3]]), torch.ones(1, 3).long(), torch.zeros(1, 3).long())
    assert all(torch.equal(logits, torch.zeros_like(logits)) for logits in said.values())


def test_order_counts_and_the_hash_stays_in_its_range():
    lexical = Lexical(500_000, {"intent": 2})
    ids_BL = torch.tensor([[499_999, 0, 499_999, 499_998]])
    rows = lexical.buckets(ids_BL)[0].tolist()
    assert len(set(rows)) == 3  # no two of these pairs meet
    assert all(500_000 <= row < 500_000 + BUCKETS for row in rows)
    assert 499_999 * 4_099 + 499_999 < 2**31  # engines that compute in 32 bits find the same bucket


def test_it_learns_what_only_a_pair_tells():
    """不好 and 好不: the same two tokens, another order, another label."""
    lexical = Lexical(50, {"intent": 2})
    ids_BL, target_B = torch.tensor([[7, 8], [8, 7]]), torch.tensor([0, 1])
    mask_BL, types_BL = torch.ones(2, 2).long(), torch.zeros(2, 2).long()
    optimizer = torch.optim.AdamW(lexical.parameters(), lr=1e-2)
    for _ in range(50):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(lexical(ids_BL, mask_BL, types_BL)["intent"], target_B).backward()
        optimizer.step()
    assert lexical(ids_BL, mask_BL, types_BL)["intent"].argmax(1).tolist() == [0, 1]
