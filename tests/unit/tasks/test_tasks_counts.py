"""How much rows count: with it the means of parts become the mean of the whole, for every loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from xinyi.tasks.counts import build_counts, labelled
from xinyi.tasks.loss_variants import build_loss

WEIGHTS = torch.tensor([0.5, 1.0, 2.0, 4.0, 1.5])
CHOICES = [
    ("single", "cross_entropy"), ("single", "focal"), ("ordinal", "soft"), ("ordinal", "corn"),
    ("multi", "cross_entropy"), ("multi", "asymmetric"),
]  # fmt: skip


def rows(kind: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (30, 5) and targets, of which every third row has none."""
    source = torch.Generator().manual_seed(2)
    logits_BC = 2 * torch.randn(30, 5, generator=source)
    if kind == "multi":
        target = torch.randint(0, 2, (30, 5), generator=source).float()
    else:
        target = torch.randint(0, 5, (30,), generator=source)
    target[::3] = -1
    return logits_BC, target


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize(("kind", "name"), CHOICES)
def test_means_of_parts_become_the_mean_of_all(kind, name, weights):
    logits_BC, target = rows(kind)
    loss, counts = build_loss(kind, name, weights), build_counts(kind, name, 5, weights)
    parts = [slice(0, 1), slice(1, 4), slice(4, 30)]  # the first has no label at all
    each = [float(loss(logits_BC[part], target[part])) for part in parts]
    shares = [counts(target[part].numpy()).sum() for part in parts]
    assert shares[0] == 0
    expected = float(loss(logits_BC, target))
    assert np.dot(each, shares) / sum(shares) == pytest.approx(expected, rel=1e-5)
    assert np.mean(each) != pytest.approx(expected, rel=1e-2)


def test_a_row_that_lacks_a_label_of_several_does_not_count():
    assert labelled(np.array([[0.0, 1.0], [-1.0, -1.0]])).tolist() == [1.0, 0.0]
    assert labelled(np.array([0, -1, 3])).tolist() == [1.0, 0.0, 1.0]
