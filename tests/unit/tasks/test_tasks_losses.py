"""Losses against torch's own, written out; rows without a label must not count."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

from xinyi.tasks.losses import LOSSES, MOST, balanced_weights, multi_loss, single_loss


def logits(rows: int, labels: int, seed: int = 0) -> torch.Tensor:
    values = torch.randn(rows, labels, generator=torch.Generator().manual_seed(seed)) * 3
    return values.requires_grad_()


def loss_and_gradient(loss, logits_BC: torch.Tensor, target: torch.Tensor) -> tuple[float, torch.Tensor]:
    leaf = logits_BC.detach().clone().requires_grad_()
    value = loss(leaf, target)
    value.backward()
    return float(value.detach()), leaf.grad


@pytest.mark.parametrize("weights", [None, torch.tensor([0.5, 1.0, 2.0, 4.0])])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_single_loss_is_cross_entropy(weights, smoothing):
    logits_BC, target_B = logits(9, 4), torch.tensor([0, 1, 2, 3, 3, 2, 1, 0, 0])
    ours = single_loss(weights, smoothing)(logits_BC, target_B)
    theirs = functional.cross_entropy(logits_BC, target_B, weights, label_smoothing=smoothing)
    torch.testing.assert_close(ours, theirs)


def test_single_loss_written_out():
    logits_BC, target_B = logits(5, 3), torch.tensor([0, 2, 1, 1, 2])
    logs_BC = torch.log_softmax(logits_BC.detach(), 1)
    smoothed_BC = 0.8 * functional.one_hot(target_B, 3) + 0.2 / 3
    expected = -(smoothed_BC * logs_BC).sum(1).mean()
    torch.testing.assert_close(single_loss(smoothing=0.2)(logits_BC.detach(), target_B), expected)


@pytest.mark.parametrize("weights", [None, torch.tensor([0.5, 1.0, 7.0])])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_multi_loss_written_out(weights, smoothing):
    logits_BC = logits(6, 3)
    target_BC = torch.tensor([[0, 1, 1], [0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 0, 1], [0, 1, 0]]).float()
    soft_BC = target_BC * (1 - smoothing) + smoothing / 2
    positive_C = torch.ones(3) if weights is None else weights
    yes_BC, no_BC = torch.sigmoid(logits_BC).log(), torch.sigmoid(-logits_BC).log()
    expected = -(positive_C * soft_BC * yes_BC + (1 - soft_BC) * no_BC).mean()
    torch.testing.assert_close(multi_loss(weights, smoothing)(logits_BC, target_BC), expected)


@settings(max_examples=60, deadline=None)
@given(
    present=st.lists(st.booleans(), min_size=1, max_size=12).filter(any),
    smoothing=st.sampled_from([0.0, 0.1]),
    weighted=st.booleans(),
)
def test_rows_without_a_label_do_not_count(present, smoothing, weighted):
    mask = torch.tensor(present)
    weights = torch.tensor([0.3, 1.0, 2.0]) if weighted else None
    rng = np.random.default_rng(len(present))
    cases = {
        "single": torch.from_numpy(rng.integers(0, 3, len(present))),
        "multi": torch.from_numpy(rng.integers(0, 2, (len(present), 3)).astype(np.float32)),
    }
    for kind, target in cases.items():
        loss, logits_BC = LOSSES[kind](weights, smoothing), logits(len(present), 3, 1)
        marked = target.clone()
        marked[~mask] = -1
        value, gradient = loss_and_gradient(loss, logits_BC, marked)
        alone, own = loss_and_gradient(loss, logits_BC[mask], target[mask])
        assert value == pytest.approx(alone, rel=1e-5)
        torch.testing.assert_close(gradient[mask], own)
        assert (gradient[~mask] == 0).all()


@pytest.mark.parametrize("weights", [None, torch.tensor([0.5, 1.0, 7.0])])
@pytest.mark.parametrize("kind", ["single", "ordinal", "multi"])
def test_no_label_at_all_gives_exact_zero_and_zero_gradients(kind, weights):
    head = torch.nn.Linear(4, 3)
    target = torch.full((5, 3), -1.0) if kind == "multi" else torch.full((5,), -1)
    value = LOSSES[kind](weights, 0.1)(head(torch.randn(5, 4)), target)
    value.backward()
    assert value.item() == 0.0
    # None would let data-parallel training wait for a gradient that never comes.
    assert all(p.grad is not None and (p.grad == 0).all() for p in head.parameters())


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_weights_keep_their_precision_under_bf16(kind):
    weights = torch.tensor([1.0, 2.0, 3.003])  # 3.003 has no bf16
    target = torch.tensor([0, 2]) if kind == "single" else torch.tensor([[1.0, 0, 1], [0, 0, 1]])
    rough = logits(2, 3).detach().bfloat16()
    loss = LOSSES[kind](weights)
    torch.testing.assert_close(loss(rough, target), loss(rough.float(), target), rtol=0, atol=0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=4, max_size=60).filter(lambda labels: len(set(labels)) == 4))
def test_balanced_weights_are_those_of_scikit_learn(labels):
    target = np.array([*labels, -1, -1])
    expected = compute_class_weight("balanced", classes=np.arange(4), y=np.array(labels))
    expected = np.minimum(expected, MOST * expected.min())
    np.testing.assert_allclose(balanced_weights(target, "single", 4), expected, rtol=1e-6)


def test_balanced_weights_give_each_label_the_same_weight():
    counts = np.array([2, 5, 13])
    weights = balanced_weights(np.repeat(np.arange(3), counts), "ordinal", 3).numpy()
    np.testing.assert_allclose(weights * counts, np.full(3, 20 / 3), rtol=1e-6)


def test_a_rare_label_leaves_the_others_balanced():
    weights = balanced_weights(np.repeat([0, 1, 2], [10_000, 1_000, 1]), "single", 3)
    assert weights[1] / weights[0] == pytest.approx(10.0)
    assert weights[2] / weights[0] == pytest.approx(MOST)


def test_a_label_without_rows_weighs_one():
    assert balanced_weights(np.array([0, 0, 2, -1]), "single", 3)[1] == 1.0
    assert (balanced_weights(np.array([-1, -1]), "single", 3) == 1.0).all()


def test_multi_weights_are_negative_rows_over_positive_rows():
    target = np.zeros((100, 5), np.float32)
    for label, positive in enumerate((50, 20, 1, 0, 100)):
        target[:positive, label] = 1.0
    target = np.vstack([target, np.full((7, 5), -1.0)])
    weights = balanced_weights(target, "multi", 5).numpy()
    # A label of one row in a hundred stays within the limit, and does not move the labels that are balanced already.
    np.testing.assert_allclose(weights, [1.0, 4.0, MOST, 1.0, 1 / MOST], rtol=1e-6)
