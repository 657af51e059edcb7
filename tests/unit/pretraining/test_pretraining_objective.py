"""The loss is Hugging Face's own, on the fast path and on the plain one."""

from __future__ import annotations

import pytest
import torch
from pretraining_world import tiny_lm
from transformers import AutoModelForMaskedLM, BertConfig, RobertaConfig

from xinyi.pretraining.objective import MaskedLoss

TINY = {
    "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24,
    "max_position_embeddings": 40,
}  # fmt: skip


def _model(kind: str):
    torch.manual_seed(0)
    if kind == "modernbert":
        return tiny_lm()
    config = BertConfig(**TINY) if kind == "bert" else RobertaConfig(**TINY)
    return AutoModelForMaskedLM.from_config(config)


@pytest.mark.parametrize("kind", ["modernbert", "bert", "roberta"])
@pytest.mark.parametrize("fast", [True, False])
def test_loss_and_gradients_are_those_of_transformers(kind, fast):
    model = _model(kind).eval()
    ids = torch.randint(5, 50, (3, 11))
    positions = torch.tensor([1, 4, 13, 25, 32])
    targets = torch.randint(5, 50, (5,))
    labels = torch.full((33,), -100)
    labels[positions] = targets
    plain = model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels.view(3, 11))
    plain.loss.backward()
    wanted = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    loss, hits = MaskedLoss(model, "32", fast)(ids, positions, targets)
    loss.backward()
    assert loss.item() == pytest.approx(plain.loss.item(), abs=1e-5)
    assert int(hits) == int((plain.logits.flatten(0, 1)[positions].argmax(-1) == targets).sum())
    for name, gradient in wanted.items():
        assert torch.allclose(gradient, model.get_parameter(name).grad, atol=1e-5), name


@pytest.mark.parametrize("fast", [True, False])
def test_nothing_asked_is_a_loss_of_nothing(fast):
    model = _model("modernbert")
    none = torch.zeros(0, dtype=torch.int64)
    loss, hits = MaskedLoss(model, "32", fast)(torch.randint(5, 50, (1, 3)), none, none)
    loss.backward()
    assert (loss.item(), int(hits)) == (0.0, 0)
    assert all(not p.grad.any() for p in model.parameters() if p.grad is not None)
