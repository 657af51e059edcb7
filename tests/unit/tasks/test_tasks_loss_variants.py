"""Losses of recipes: written out, and at the settings where they are plain cross-entropy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from xinyi.tasks.loss_variants import asymmetric_loss, build_loss, corn_loss, focal_loss, soft_ordinal_loss
from xinyi.tasks.losses import multi_loss, single_loss

WEIGHTS = torch.tensor([0.5, 1.0, 2.0, 4.0, 1.5])


def _logits(rows: int = 12, labels: int = 5) -> torch.Tensor:
    return 2 * torch.randn(rows, labels, generator=torch.Generator().manual_seed(1))


TARGET = torch.tensor([0, 1, 2, 3, 4, 4, 3, 2, 1, 0, 2, 4])


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_focal_without_focus_is_cross_entropy(weights):
    expected = single_loss(weights)(_logits(), TARGET)
    torch.testing.assert_close(focal_loss(0.0, weights)(_logits(), TARGET), expected)


def test_focal_written_out():
    p = torch.softmax(_logits(), 1)[torch.arange(12), TARGET]
    torch.testing.assert_close(focal_loss(2.0)(_logits(), TARGET), (-((1 - p) ** 2) * p.log()).mean())


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_sharp_soft_targets_are_cross_entropy(weights):
    torch.testing.assert_close(
        soft_ordinal_loss(60.0, weights)(_logits(), TARGET), single_loss(weights)(_logits(), TARGET)
    )


def test_soft_targets_cost_more_the_further_away():
    levels = [
        float(soft_ordinal_loss()(20.0 * functional.one_hot(torch.tensor([c]), 5).float(), torch.tensor([1])))
        for c in range(5)
    ]
    assert levels[0] == pytest.approx(levels[2])
    assert levels[1] < levels[2] < levels[3] < levels[4]


def test_corn_written_out_by_its_questions():
    p = torch.softmax(_logits().double(), 1).numpy()
    total, asked = 0.0, 0
    for row, level in zip(p, TARGET.tolist(), strict=True):
        for k in range(4):
            if level >= k:  # the row reached this question
                up = row[k + 1 :].sum() / row[k:].sum()
                total -= np.log(up if level > k else 1 - up)
                asked += 1
    assert float(corn_loss()(_logits(), TARGET)) == pytest.approx(total / asked, abs=1e-5)


def test_corn_of_one_row_is_its_cross_entropy_shared_by_its_questions():
    """The questions' probabilities multiply to the level's own."""
    for level, questions in ((0, 1), (2, 3), (4, 4)):
        logits, target = _logits(1), torch.tensor([level])
        expected = functional.cross_entropy(logits, target) / questions
        torch.testing.assert_close(corn_loss()(logits, target), expected)


def test_asymmetric_without_focus_and_margin_is_binary_cross_entropy():
    target = (torch.rand(12, 5, generator=torch.Generator().manual_seed(2)) > 0.6).float()
    torch.testing.assert_close(asymmetric_loss(0.0, 0.0, 0.0)(_logits(), target), multi_loss()(_logits(), target))


def test_asymmetric_written_out():
    target = (torch.rand(12, 5, generator=torch.Generator().manual_seed(2)) > 0.6).float()
    p = torch.sigmoid(_logits())
    shifted = (p - 0.05).clamp(min=0)
    expected = -(target * (1 - p) * p.log() + (1 - target) * shifted**4 * (1 - shifted).log()).mean()
    torch.testing.assert_close(asymmetric_loss(1.0, 4.0, 0.05)(_logits(), target), expected)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("single", "focal"), ("ordinal", "focal"), ("ordinal", "soft"), ("ordinal", "corn"), ("multi", "asymmetric")],
)
def test_rows_without_the_label_do_not_count(kind, name):
    loss = build_loss(kind, name, WEIGHTS)
    target = (torch.arange(60).reshape(12, 5) % 3 == 0).float() if kind == "multi" else TARGET
    hidden = torch.full_like(target[:2], -1)
    logits = _logits(14).requires_grad_()
    value = loss(logits, torch.cat([target, hidden]))
    torch.testing.assert_close(value, loss(logits[:12], target))
    value.backward()
    assert (logits.grad[12:] == 0).all()
    assert torch.isfinite(logits.grad).all()
    alone = _logits(2).requires_grad_()
    nothing = loss(alone, hidden)
    nothing.backward()
    assert float(nothing.detach()) == 0.0
    assert (alone.grad == 0).all()


@pytest.mark.parametrize("scale", [1e3, 1e5])
@pytest.mark.parametrize("name", ["focal", "soft", "corn", "asymmetric"])
def test_extreme_logits_give_finite_gradients(name, scale):
    target = (torch.arange(60).reshape(12, 5) % 3 == 0).float() if name == "asymmetric" else TARGET
    logits = (scale * _logits()).requires_grad_()
    value = build_loss("multi" if name == "asymmetric" else "ordinal", name)(logits, target)
    value.backward()
    assert torch.isfinite(value.detach())
    assert torch.isfinite(logits.grad).all()
