"""What recipes add to the objective."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Bernoulli, Categorical, kl_divergence

from xinyi.tasks.losses import multi_loss, single_loss
from xinyi.training.recipes.contrastive import contrastive
from xinyi.training.recipes.distillation import distillation
from xinyi.training.recipes.fgm import adversarial_loss, moved
from xinyi.training.recipes.pseudo import weighted
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


@pytest.mark.parametrize("value", [0.0, float("inf"), float("nan")])
def test_a_gradient_without_direction_moves_nothing(value):
    assert torch.equal(moved(torch.full((3, 2), value), 0.5), torch.zeros(3, 2))


def test_a_move_has_the_length_that_was_asked_for():
    gradient = torch.randn(9, 4)
    assert torch.equal(moved(gradient, 0.7), gradient * (0.7 / gradient.norm()))
    assert float(moved(gradient, 0.7).norm()) == pytest.approx(0.7)


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


@pytest.mark.parametrize("kind", ["single", "ordinal", "multi"])
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_distillation_is_the_divergence_from_the_teacher(kind, temperature):
    student, teacher = torch.randn(7, 4, requires_grad=True), torch.randn(7, 4)
    law = Bernoulli if kind == "multi" else Categorical
    p, q = law(logits=teacher / temperature), law(logits=student / temperature)
    found = distillation(student, teacher, kind, temperature)
    torch.testing.assert_close(found, temperature**2 * kl_divergence(p, q).mean())
    assert float(distillation(teacher, teacher, kind, temperature)) == pytest.approx(0.0, abs=1e-6)
    # The gradient is that of the cross-entropy with the teacher's probabilities.
    if kind == "multi":
        entropy = torch.nn.functional.binary_cross_entropy_with_logits(student / temperature, p.probs)
    else:
        entropy = torch.nn.functional.cross_entropy(student / temperature, p.probs)
    wanted, got = (torch.autograd.grad(loss, student)[0] for loss in (temperature**2 * entropy, found))
    torch.testing.assert_close(got, wanted)


def plain_contrastive(vectors, alike, temperature):
    """Equation 2 of Khosla et al., pair by pair; alike: (i, j) → weight of the pair, None: does not count."""
    z, rows = torch.nn.functional.normalize(vectors, dim=1), []
    here = [i for i in range(len(z)) if alike(i, i) is not None]
    for i in here:
        others = [a for a in here if a != i]
        below = sum(torch.exp(z[i] @ z[a] / temperature) for a in others)
        weights = [alike(i, p) for p in others]
        if sum(weights):
            terms = [
                w * torch.log(torch.exp(z[i] @ z[p] / temperature) / below)
                for w, p in zip(weights, others, strict=True)
            ]
            rows.append(-sum(terms) / sum(weights))
    return torch.stack(rows).mean()


def test_contrastive_is_the_papers_sum():
    torch.manual_seed(0)
    vectors, single = torch.randn(7, 5), torch.tensor([0, 1, 0, 2, -1, 1, 0])
    expected = plain_contrastive(vectors, lambda i, j: None if single[i] < 0 else float(single[i] == single[j]), 0.3)
    torch.testing.assert_close(contrastive(vectors, single, 0.3), expected)
    sets = [{0}, {0, 1}, set(), {2}, None, set(), {1, 2}]
    multi = torch.tensor([[-1.0] * 3 if own is None else [float(c in own) for c in range(3)] for own in sets])

    def overlap(i, j):
        if sets[i] is None:
            return None
        return len(sets[i] & sets[j]) / len(sets[i] | sets[j]) if sets[i] | sets[j] else 1.0

    torch.testing.assert_close(contrastive(vectors, multi, 0.5), plain_contrastive(vectors, overlap, 0.5))


@pytest.mark.parametrize("target", [[0], [0, 1, 2], [-1, -1]])
def test_contrastive_without_pairs_is_an_exact_zero_with_a_gradient(target):
    vectors = torch.randn(len(target), 4, requires_grad=True)
    loss = contrastive(vectors, torch.tensor(target), 0.3)
    loss.backward()
    assert loss.item() == 0.0
    assert torch.equal(vectors.grad, torch.zeros_like(vectors))


def test_contrastive_falls_as_labels_gather():
    torch.manual_seed(0)
    vectors, target = torch.randn(12, 6, requires_grad=True), torch.arange(12) % 3
    optimiser = torch.optim.Adam([vectors], lr=0.1)
    for _ in range(200):
        optimiser.zero_grad()
        contrastive(vectors, target, 0.3).backward()
        optimiser.step()
    z = torch.nn.functional.normalize(vectors.detach(), dim=1)
    cosines, same = z @ z.T, target == target[:, None]
    assert cosines[same].min() > 0.9 > 0.0 > cosines[~same].max()


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_rows_labelled_by_a_model_weigh_as_asked(kind):
    logits = torch.randn(6, 3)
    target = torch.tensor([0, 2, -1, 1, 0, -1])
    if kind == "multi":
        target = torch.randint(0, 2, (6, 3)).float()
        target[2] = target[5] = -1.0
    loss, weights = (multi_loss() if kind == "multi" else single_loss()), torch.tensor([1.0, 1.0, 1.0, 0.3, 0.3, 0.3])
    each = torch.stack([loss(logits[i : i + 1], target[i : i + 1]) for i in range(6)])
    there = torch.tensor([1.0, 1.0, 0.0, 1.0, 1.0, 0.0]) * weights
    torch.testing.assert_close(weighted(loss, logits, target, weights), (each * there).sum() / there.sum())
    torch.testing.assert_close(weighted(loss, logits, target, torch.ones(6)), loss(logits, target))
