"""What recipes add to the objective."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Bernoulli, Categorical, kl_divergence

from xinyi.training.recipes.fgm import adversarial_loss
from xinyi.training.recipes.rdrop import disagreement
from xinyi.training.recipes.uncertainty import UncertaintyWeights


@pytest.mark.parametrize("kind", ["single", "ordinal", "multi"])
def test_disagreement_is_the_symmetric_divergence(kind):
    first, second = torch.randn(7, 4), torch.randn(7, 4)
    law = Bernoulli if kind == "multi" else Categorical
    p, q = law(logits=first), law(logits=second)
    expected = 0.5 * (kl_divergence(p, q) + kl_divergence(q, p)).mean()
    torch.testing.assert_close(disagreement(first, second, kind), expected)
    assert float(disagreement(first, first, kind)) == pytest.approx(0.0, abs=1e-7)


def test_adversarial_loss_is_that_of_the_moved_table_and_leaves_no_trace():
    torch.manual_seed(0)
    table, head = torch.nn.Embedding(9, 4), torch.nn.Linear(4, 2)
    ids, target = torch.tensor([[1, 2], [3, 4]]), torch.tensor([0, 1])

    def forward() -> torch.Tensor:
        return torch.nn.functional.cross_entropy(head(table(ids).mean(1)), target)

    before, loss = table.weight.detach().clone(), forward()
    (gradient,) = torch.autograd.grad(loss, table.weight, retain_graph=True)
    worse = adversarial_loss(loss, table, forward, 0.7)
    torch.testing.assert_close(table.weight.detach(), before)
    with torch.no_grad():
        table.weight.add_(0.7 * gradient / gradient.norm())
        expected = forward()
        table.weight.copy_(before)
    torch.testing.assert_close(worse.detach(), expected)
    assert worse.item() > loss.item()
    (loss + worse).backward()
    assert torch.isfinite(table.weight.grad).all()


def test_a_loss_without_gradient_is_its_own_adversary():
    table = torch.nn.Embedding(3, 2)
    loss = 0.0 * table.weight.sum()
    assert adversarial_loss(loss, table, lambda: 1 / 0, 1.0) is loss


def test_learnt_weights_settle_at_the_losses():
    weights = UncertaintyWeights(["a", "b"])
    assert float(weights({"a": torch.tensor(2.0), "b": torch.tensor(1.0)}).detach()) == pytest.approx(3.0)
    optimiser = torch.optim.SGD(weights.parameters(), lr=0.1)
    for _ in range(500):
        optimiser.zero_grad()
        weights({"a": torch.tensor(2.0), "b": torch.tensor(0.25)}).backward()
        optimiser.step()
    # The sum is smallest where half of σ² is the loss.
    found = weights.log_variance_T.detach()
    assert found.tolist() == pytest.approx([math.log(4.0), math.log(0.5)], abs=1e-3)
