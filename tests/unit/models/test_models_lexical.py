"""What words say by themselves: against a loop over tokens and pairs, and on what only a pair tells."""

from __future__ import annotations

import itertools
import math
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfTransformer

from xinyi.models import lexical as module
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
    said = torch.stack(rows).sum(0) / math.sqrt(len(own))
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


def texts_of(rows, contexts):
    """Arrays as an encoded split has them: each text's context first, if it has one, then the message."""
    ids = [np.array([*context, *row]) for row, context in zip(rows, contexts, strict=True)]
    types = [np.array([0] * len(c) + [int(bool(c))] * len(row)) for row, c in zip(rows, contexts, strict=True)]
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in ids])])
    return np.concatenate(ids), np.concatenate(types), offsets


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_rare_features_weigh_by_their_inverse_document_frequency(data):
    """Against scikit-learn, and scaled so that the mean over all occurrences is one."""
    row = st.lists(st.integers(1, 6), min_size=1, max_size=6)
    rows = data.draw(st.lists(row, min_size=1, max_size=8))
    contexts = data.draw(st.lists(st.lists(st.integers(1, 6), max_size=3), min_size=len(rows), max_size=len(rows)))
    lexical = Lexical(50, {"intent": 2})
    with mock.patch.object(module, "_ROWS", 3):  # counted in several parts
        lexical.measure(*texts_of(rows, contexts))
    counts = np.zeros((len(rows), len(lexical.idf)))
    for number, ids in enumerate(rows):
        for feature in [*ids, *(50 + (a * 4099 + b) % BUCKETS for a, b in itertools.pairwise(ids))]:
            counts[number, feature] += 1
    expected = TfidfTransformer(smooth_idf=True).fit(counts).idf_
    expected /= (expected * counts.sum(0)).sum() / counts.sum()
    np.testing.assert_allclose(lexical.idf.numpy(), expected, rtol=1e-5)


def test_what_was_measured_becomes_part_of_the_table():
    lexical = Lexical(50, SIZES)
    torch.nn.init.normal_(lexical.table.weight)
    lexical.measure(*texts_of([[3, 4, 5], [3, 4], [9]], [[], [7], []]))
    inputs = torch.tensor([[3, 4, 9, 0]]), torch.tensor([[1, 1, 1, 0]]), torch.zeros(1, 4).long()
    before = lexical(*inputs)
    lexical.fold()
    assert list(lexical.state_dict()) == ["table.weight"]
    for task, logits in lexical(*inputs).items():
        torch.testing.assert_close(logits, before[task])
    lexical.fold()  # nothing is left to fold
    torch.testing.assert_close(lexical(*inputs)["intent"], before["intent"])
