"""Adapters: nothing at first, W + alpha / rank · B A when trained, and the plain encoder again once merged."""

from __future__ import annotations

import pytest
import torch
from tiny_bundle import tiny_model

pytest.importorskip("peft")

IDS = torch.randint(5, 40, (3, 9), generator=torch.Generator().manual_seed(1))
MASK = (torch.arange(9) < torch.tensor([[9], [4], [6]])).long()
INPUTS = (IDS, MASK, torch.zeros_like(IDS))


def adapted(kind):
    model = tiny_model(kind).model.eval()
    plain = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.adapt(rank=4, alpha=8.0)
    return model, plain


@pytest.mark.parametrize("kind", ["bert", "modern"])
@torch.no_grad()
def test_before_training_adapters_change_no_logit(kind):
    wanted = tiny_model(kind).model.eval()(*INPUTS)
    model, _ = adapted(kind)
    found = model(*INPUTS)
    for task in wanted:
        torch.testing.assert_close(found[task], wanted[task], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["bert", "modern"])
def test_only_adapters_and_heads_learn(kind):
    model, plain = adapted(kind)
    loss = sum(logits.square().sum() for logits in model(*INPUTS).values())
    loss.backward()
    learning = {name for name, p in model.named_parameters() if p.requires_grad}
    assert {name for name, p in model.named_parameters() if p.grad is not None} == learning
    assert all(".lora_" in name or name.startswith("heads.") for name in learning)
    matrices = [name for name in plain if name.startswith("encoder.") and plain[name].ndim == 2 and "embed" not in name]
    assert len([name for name in learning if ".lora_A." in name]) == len(matrices)


@pytest.mark.parametrize("kind", ["bert", "modern"])
@torch.no_grad()
def test_merged_it_is_the_plain_encoder_with_other_weights(kind):
    model, plain = adapted(kind)
    for name, parameter in model.named_parameters():
        if ".lora_B." in name:
            parameter.normal_(std=0.2)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    before = model(*INPUTS)
    model.fold()
    merged = model.state_dict()
    assert merged.keys() == plain.keys()
    for name in plain:
        stem = name.removesuffix(".weight")
        if f"{stem}.lora_A.default.weight" in state:
            a, b = (state[f"{stem}.lora_{which}.default.weight"] for which in "AB")
            torch.testing.assert_close(merged[name], plain[name] + 8.0 / 4 * b @ a)
        else:
            assert torch.equal(merged[name], plain[name])
    assert (model.fast is not None) == (kind == "modern")
    after = model(*INPUTS)
    for task in before:
        torch.testing.assert_close(after[task], before[task], rtol=1e-4, atol=1e-4)
    assert all(p.requires_grad for p in model.parameters())
    assert not hasattr(model.encoder, "peft_config")
