"""Muon for matrices and AdamW for the rest, in one optimiser."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn
from transformers import ModernBertConfig, ModernBertModel

from xinyi.models.classifier import MultiTaskClassifier
from xinyi.training.muon import MATRICES, MuonAdamW
from xinyi.training.optim import OptimSettings, build_optimizer, course, parameter_groups

SETTINGS = OptimSettings(lr=1e-2, weight_decay=0.1)


def model() -> MultiTaskClassifier:
    torch.manual_seed(0)
    config = ModernBertConfig(
        num_hidden_layers=2, hidden_size=32, num_attention_heads=2, intermediate_size=64, vocab_size=20,
        pad_token_id=0, cls_token_id=2, sep_token_id=3, bos_token_id=2, eos_token_id=3,
    )  # fmt: skip
    return MultiTaskClassifier(ModernBertModel(config), {"a": 3}, 32, dropout=0.0)


def build(made: nn.Module, settings: OptimSettings = SETTINGS) -> torch.optim.Optimizer:
    return build_optimizer(MuonAdamW, parameter_groups(made, settings), settings)


def set_gradients(made: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in made.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def test_the_layers_matrices_are_muons_and_nothing_else():
    made = model()
    names = {id(p): name for name, p in made.named_parameters()}
    found = {names[id(p)] for g in parameter_groups(made, SETTINGS) if g[MATRICES] for p in g["params"]}
    parts = ("attn.Wqkv", "attn.Wo", "mlp.Wi", "mlp.Wo")
    assert found == {f"encoder.layers.{i}.{part}.weight" for i in range(2) for part in parts}


def test_a_matrix_moves_in_all_directions_at_one_speed():
    made = model()
    before = copy.deepcopy(made.state_dict())
    set_gradients(made, 1)
    optimizer = build(made)
    optimizer.step()
    name = "encoder.layers.0.attn.Wqkv.weight"
    grad = dict(made.named_parameters())[name].grad
    moved = made.state_dict()[name] - before[name] * (1 - 1e-2 * 0.1)
    u, s, vh = torch.linalg.svd(grad.double(), full_matrices=False)
    along = u.T @ (moved.double() / (-1e-2 * 0.2 * math.sqrt(96))) @ vh.T
    # The gradient's own singular vectors; each of about the same size, whatever the gradient's singular value.
    assert float(s.max() / s.min()) > 3
    assert float(along.diag().min()) > 0.6
    assert float(along.diag().max()) < 1.3
    assert float((along - along.diag().diag()).abs().max()) < 0.05  # bf16 iterations


def test_what_is_no_matrix_moves_as_by_adamw():
    made, other = model(), model()
    mine, theirs = build(made), build_optimizer(torch.optim.AdamW, parameter_groups(other, SETTINGS), SETTINGS)
    for seed in range(3):
        for one, optimizer in ((made, mine), (other, theirs)):
            set_gradients(one, seed)
            optimizer.step()
    groups = [g for g in mine.param_groups if not g[MATRICES]]
    own = {id(p) for g in groups for p in g["params"]}
    for (name, p), q in zip(made.named_parameters(), other.parameters(), strict=True):
        assert torch.equal(p, q) is (id(p) in own), name


def test_a_group_that_comes_later_is_adamws_too():
    """Weights of the objective's own, as `recipe=uncertainty` has them."""
    beside = [nn.Parameter(torch.zeros(3)) for _ in range(2)]
    mine = build(model())
    theirs = torch.optim.AdamW(
        [beside[1]], lr=1e-3, betas=SETTINGS.betas, eps=SETTINGS.eps, weight_decay=0.0, fused=True
    )
    mine.add_param_group({"params": [beside[0]], "lr": 1e-3, "weight_decay": 0.0})
    again = build(model())
    again.add_param_group({"params": [beside[0]], "lr": 1e-3, "weight_decay": 0.0})
    for optimizer in (mine, again):
        for parameter in beside:
            parameter.grad = torch.tensor([1.0, -2.0, 0.5])
        optimizer.step()
        theirs.step()
        assert torch.equal(*beside)
        again.load_state_dict(mine.state_dict())  # goes on in the one that was loaded


def test_a_checkpoint_goes_on_with_the_same_numbers():
    made = model()
    optimizer = build(made)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, course(10, 0.2, "linear"))

    def go(one: nn.Module, its: torch.optim.Optimizer, lr: torch.optim.lr_scheduler.LambdaLR, seeds: range) -> None:
        for seed in seeds:
            set_gradients(one, seed)
            its.step()
            lr.step()

    go(made, optimizer, schedule, range(3))
    saved = copy.deepcopy((made.state_dict(), optimizer.state_dict(), schedule.state_dict()))
    go(made, optimizer, schedule, range(3, 6))
    again = model()
    other = build(again)
    its = torch.optim.lr_scheduler.LambdaLR(other, course(10, 0.2, "linear"))
    again.load_state_dict(saved[0])
    other.load_state_dict(saved[1])
    its.load_state_dict(saved[2])
    go(again, other, its, range(3, 6))
    assert all(torch.equal(a, b) for a, b in zip(made.parameters(), again.parameters(), strict=True))
    assert {group["lr"] for group in other.param_groups} == {group["lr"] for group in optimizer.param_groups}


def test_the_schedule_moves_both_parts():
    made = model()
    optimizer = build(made)
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.0)
    before = copy.deepcopy(made.state_dict())
    set_gradients(made, 1)
    optimizer.step()
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())


def test_a_closure_is_called_with_gradients_on():
    made = model()
    seen = []
    set_gradients(made, 1)
    assert build(made).step(lambda: seen.append(torch.is_grad_enabled()) or 2.5) == 2.5
    assert seen == [True]


def test_a_vector_among_the_matrices_is_refused():
    groups = [{"params": [nn.Parameter(torch.ones(3))], "lr": 1e-3, "weight_decay": 0.0, MATRICES: True}]
    with pytest.raises(ValueError, match="2D"):
        MuonAdamW(groups)


def test_a_model_without_layers_is_learnt_by_adamw_alone():
    linear = nn.Linear(3, 2)
    optimizer = build(linear)
    set_gradients(linear, 2)
    before = linear.weight.detach().clone()
    optimizer.step()
    assert not torch.equal(linear.weight, before)
