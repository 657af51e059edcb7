"""Rates, and who orthogonalises what."""

from __future__ import annotations

import pytest
import torch
from pretraining_world import tiny_lm

from xinyi.pretraining.optim import Optimisers, _shares, factor, hidden_matrices
from xinyi.pretraining.settings import PretrainSettings


def test_rate_rises_stays_and_falls_to_zero():
    assert factor(0.0, 0.1, 0.4) == 0.0
    assert factor(0.05, 0.1, 0.4) == pytest.approx(0.5)
    assert factor(0.3, 0.1, 0.4) == factor(0.6, 0.1, 0.4) == 1.0
    assert factor(0.8, 0.1, 0.4) == pytest.approx(0.5)
    assert factor(1.0, 0.1, 0.4) == factor(1.2, 0.1, 0.4) == 0.0
    assert factor(0.9, 0.0, 0.0) == 1.0


def test_embeddings_and_what_shares_them_are_no_hidden_matrices():
    model = tiny_lm()
    found = {id(p) for p in hidden_matrices(model)}
    names = {name for name, p in model.named_parameters() if id(p) in found}
    assert "model.embeddings.tok_embeddings.weight" not in names
    assert names >= {"model.layers.0.attn.Wqkv.weight", "model.layers.1.mlp.Wo.weight", "head.dense.weight"}
    assert all(model.get_parameter(name).ndim == 2 for name in names)


def test_shares_hold_every_matrix_once_and_are_about_equal():
    matrices = hidden_matrices(tiny_lm())
    shares = _shares(matrices, 2)
    assert sorted(id(p) for share in shares for p in share) == sorted(map(id, matrices))
    loads = [sum(p.numel() for p in share) for share in shares]
    assert max(loads) < 1.5 * min(loads)


@pytest.mark.parametrize("muon_lr", [0.02, None])
def test_every_parameter_moves_and_none_at_rate_zero(muon_lr):
    model = tiny_lm()
    optimisers = Optimisers(model, PretrainSettings(muon_lr=muon_lr))
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for p in model.parameters():
        p.grad = torch.randn_like(p)
    optimisers.step(0.0)
    assert all(torch.equal(before[name], p) for name, p in model.named_parameters())
    optimisers.step(1.0)
    assert not any(torch.equal(before[name], p) for name, p in model.named_parameters())


def test_state_goes_on_under_another_number_of_processes():
    model = tiny_lm()
    one = Optimisers(model, PretrainSettings())
    for p in model.parameters():
        p.grad = torch.randn_like(p)
    one.step(1.0)
    state = one.state()
    second = Optimisers(model, PretrainSettings(), rank=1, size=2)
    second.load(state, hidden_matrices(model))
    for p in second.shares[1]:
        assert torch.equal(second.muon.state[p]["momentum_buffer"], one.muon.state[p]["momentum_buffer"])


def test_momenta_go_where_the_weights_are():
    settings = PretrainSettings(muon_lr=0.02)
    made = Optimisers(tiny_lm(), settings)
    for p in made.muon.param_groups[0]["params"]:
        p.grad = torch.ones_like(p)
    made.muon.step()
    elsewhere = tiny_lm().to("meta")
    elsewhere.tie_weights()
    other = Optimisers(elsewhere, settings)
    other.load(made.state(), hidden_matrices(elsewhere))
    assert {state["momentum_buffer"].device.type for state in other.muon.state.values()} == {"meta"}
