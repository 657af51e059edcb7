"""The objective of a model whose words answer too: each part learns from its own answers, and the answers are added."""

from __future__ import annotations

import pytest
import torch
from tiny_training import KINDS, SIZES, tiny_encoder, tiny_split

from xinyi.models.classifier import MultiTaskClassifier
from xinyi.tasks.losses import multi_loss, single_loss
from xinyi.training.loader import collate
from xinyi.training.objective import Extras, Objective

LOSSES = {"sentiment": single_loss(), "emotion": multi_loss(), "intent": single_loss()}


@pytest.fixture
def batch():
    split = tiny_split(12)
    return collate(split, torch.arange(12).numpy(), 0)


def _model(lexical: bool) -> MultiTaskClassifier:
    made = MultiTaskClassifier(tiny_encoder(dropout=0.0), SIZES, 32, "mean", 0.0, lexical=lexical).train()
    for number, head in enumerate(made.heads.values()):
        torch.nn.init.normal_(head.weight, generator=torch.Generator().manual_seed(number))
    return made


def _gradients(model, batch, **extras):
    objective = Objective(LOSSES, dict.fromkeys(LOSSES, 1.0), KINDS, Extras(**extras))
    model.zero_grad()
    loss, each = objective(model, batch)
    loss.backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}, each


@pytest.mark.parametrize("extras", [{}, {"dropout_samples": 3}, {"fgm": 0.1}])
def test_encoder_and_heads_learn_as_if_words_said_nothing(batch, extras):
    alone, losses = _gradients(_model(lexical=False), batch, **extras)
    wide = _model(lexical=True)
    torch.nn.init.normal_(wide.lexical.table.weight)
    both, halves = _gradients(wide, batch, **extras)
    if not extras.get("fgm"):  # its move has one length, whatever the loss
        for name, gradient in alone.items():
            torch.testing.assert_close(both[name], 0.5 * gradient, rtol=1e-4, atol=1e-7)
    words = {task: float(LOSSES[task](wide.words(*_inputs(batch))[task], batch.targets[task])) for task in SIZES}
    for task in SIZES:
        assert float(halves[task]) == pytest.approx(0.5 * (float(losses[task]) + words[task]), rel=1e-5)


def test_words_learn_as_if_alone(batch):
    wide = _model(lexical=True)
    torch.nn.init.normal_(wide.lexical.table.weight)
    found, _ = _gradients(wide, batch)
    wide.zero_grad()
    said = wide.words(*_inputs(batch))
    sum(0.5 * LOSSES[task](said[task], batch.targets[task]) for task in SIZES).backward()
    torch.testing.assert_close(found["lexical.table.weight"], wide.lexical.table.weight.grad)


def _inputs(batch):
    return batch.ids_BL, batch.mask_BL, batch.types_BL
