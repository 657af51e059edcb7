"""Parameter groups and the learning rate's course."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import BertConfig, BertModel, ModernBertConfig, ModernBertModel

from xinyi.config.targets import ALLOWED, resolve
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.models.lexical import RATE
from xinyi.training.optim import OptimSettings, build_optimizer, course, parameter_groups

SIZES = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 20}
MARKS = {"pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}


def model(kind: str = "bert", layers: int = 3) -> MultiTaskClassifier:
    if kind == "bert":
        encoder = BertModel(BertConfig(num_hidden_layers=layers, **SIZES), add_pooling_layer=False)
    else:
        encoder = ModernBertModel(ModernBertConfig(num_hidden_layers=layers, **MARKS, **SIZES))
    return MultiTaskClassifier(encoder, {"a": 3, "b": 2}, 32)


def of_each(made: torch.nn.Module, groups: list[dict]) -> dict[str, dict]:
    """Parameter's name → its group."""
    by_id = {id(p): group for group in groups for p in group["params"]}
    return {name: by_id[id(p)] for name, p in made.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("kind", ["bert", "modernbert"])
@pytest.mark.parametrize("decay", [1.0, 0.8])
@pytest.mark.parametrize("head_lr", [None, 1e-2])
def test_every_parameter_is_in_one_group(kind, decay, head_lr):
    made = model(kind)
    groups = parameter_groups(made, OptimSettings(layer_decay=decay, head_lr=head_lr))
    found = [id(p) for group in groups for p in group["params"]]
    assert sorted(found) == sorted(id(p) for p in made.parameters())
    settings = {(group["lr"], group["weight_decay"], group["matrices"]) for group in groups}
    assert len(settings) == len(groups)


def test_a_tied_parameter_is_in_one_group():
    made = model()
    made.heads["b"].weight = made.heads["a"].weight
    groups = parameter_groups(made, OptimSettings())
    found = [id(p) for group in groups for p in group["params"]]
    assert len(found) == len(set(found)) == len(list(made.parameters()))


def test_a_learnt_pooling_learns_as_fast_as_the_heads():
    encoder = BertModel(BertConfig(num_hidden_layers=2, **SIZES), add_pooling_layer=False)
    made = MultiTaskClassifier(encoder, {"a": 3}, 32, "attention")
    found = of_each(made, parameter_groups(made, OptimSettings(lr=1e-5, head_lr=1e-3, layer_decay=0.5)))
    assert (found["pool.query_D"]["lr"], found["pool.query_D"]["weight_decay"]) == (1e-3, 0.0)


def test_frozen_parameters_are_left_out():
    made = model()
    made.encoder.requires_grad_(False)
    groups = parameter_groups(made, OptimSettings())
    assert {id(p) for g in groups for p in g["params"]} == {id(p) for p in made.heads.parameters()}


@pytest.mark.parametrize("kind", ["bert", "modernbert"])
def test_only_matrices_that_multiply_decay(kind):
    made = model(kind)
    groups = of_each(made, parameter_groups(made, OptimSettings()))
    decays = {name: group["weight_decay"] for name, group in groups.items()}
    for name, parameter in made.named_parameters():
        plain = parameter.ndim < 2 or "embeddings." in name
        assert decays[name] == (0.0 if plain else 0.01), name
    assert set(decays.values()) == {0.0, 0.01}


def test_layer_decay_slows_each_layer_below_the_next():
    made = model(layers=3)
    settings = OptimSettings(lr=1.0, layer_decay=0.5)
    rates = {name: group["lr"] for name, group in of_each(made, parameter_groups(made, settings)).items()}
    for name, rate in rates.items():
        if name.startswith("heads."):
            assert rate == 1.0
        elif ".layer." in name:
            assert rate == 0.5 ** (3 - int(name.split(".layer.")[1].split(".")[0])), name
        else:
            assert "embeddings" in name
            assert rate == 0.5**4, name


def test_a_norm_above_all_layers_learns_as_the_heads():
    made = model("modernbert", layers=2)
    groups = of_each(made, parameter_groups(made, OptimSettings(lr=1.0, layer_decay=0.5)))
    assert groups["encoder.final_norm.weight"]["lr"] == 1.0
    assert groups["encoder.layers.1.mlp.Wo.weight"]["lr"] == 0.5
    assert groups["encoder.layers.0.mlp.Wo.weight"]["lr"] == 0.25
    assert groups["encoder.embeddings.tok_embeddings.weight"]["lr"] == 0.125


def test_heads_may_learn_at_a_rate_of_their_own():
    made = model()
    rates = {n: g["lr"] for n, g in of_each(made, parameter_groups(made, OptimSettings(lr=1e-4, head_lr=1e-2))).items()}
    assert {rate for name, rate in rates.items() if name.startswith("heads.")} == {1e-2}
    assert {rate for name, rate in rates.items() if not name.startswith("heads.")} == {1e-4}
    standing = of_each(made, parameter_groups(made, OptimSettings(lr=1e-4, head_lr=0.0)))
    assert standing["heads.a.weight"]["lr"] == 0.0


def test_embeddings_may_learn_at_a_rate_of_their_own_but_not_the_lexical_tables():
    made = MultiTaskClassifier(model("bert").encoder, {"a": 3}, 32, lexical=True)
    settings = OptimSettings(lr=1e-4, embedding_lr=1e-3, layer_decay=0.5)
    rates = {name: group["lr"] for name, group in of_each(made, parameter_groups(made, settings)).items()}
    tables = {f"encoder.embeddings.{part}_embeddings.weight" for part in ("word", "position", "token_type")}
    assert {name for name, rate in rates.items() if rate == 1e-3} == tables
    assert rates["heads.a.weight"] == 1e-4
    assert rates["lexical.table.weight"] == pytest.approx(RATE * 1e-4)


@given(st.integers(2, 400), st.floats(0.0, 1.0), st.sampled_from(["linear", "cosine", "constant"]))
def test_the_rate_rises_to_its_peak_and_never_beyond(steps, warmup, schedule):
    factor = course(steps, warmup, schedule)
    values = [factor(step) for step in range(steps + 1)]
    rise = max(1, round(steps * warmup))
    assert all(0.0 <= value <= 1.0 for value in values)
    assert values[: rise + 1] == sorted(values[: rise + 1]) or rise >= steps
    assert values[rise - 1] == 1.0
    assert values[rise:] == sorted(values[rise:], reverse=True)
    assert values[0] > 0.0
    if schedule != "constant" and rise < steps:
        assert values[steps] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("linear", {0: 0.1, 4: 0.5, 9: 1.0, 10: 1.0, 55: 0.5, 100: 0.0, 101: 0.0}),
        ("cosine", {0: 0.1, 9: 1.0, 10: 1.0, 40: 0.75, 55: 0.5, 70: 0.25, 100: 0.0}),
        ("constant", {0: 0.1, 4: 0.5, 9: 1.0, 10: 1.0, 99: 1.0, 100: 1.0}),
    ],
)
def test_known_points(schedule, expected):
    factor = course(100, 0.1, schedule)
    assert {step: factor(step) for step in expected} == pytest.approx(expected)


def test_every_update_of_a_run_moves_the_weights():
    # As Lightning uses it: the factor of step 0 before the first update, and so on; the last update is not at zero.
    factor = course(10, 0.1, "linear")
    assert all(factor(step) > 0 for step in range(10))


@pytest.mark.parametrize("target", ALLOWED)
def test_every_allowed_optimiser_takes_our_groups_and_learns(target):
    made = model(layers=1)
    settings = OptimSettings(lr=0.05, layer_decay=0.5, betas=(0.8, 0.95))
    optimizer = build_optimizer(resolve(target), parameter_groups(made, settings), settings)
    before = made.heads["a"].weight.detach().clone()
    made.heads["a"](torch.ones(2, 32)).square().sum().backward()
    optimizer.step()
    assert not torch.equal(before, made.heads["a"].weight)
    assert {group["lr"] for group in optimizer.param_groups} == {0.05, 0.025, 0.0125}


def test_adamw_moves_by_the_textbook_rule():
    weight = torch.nn.Parameter(torch.tensor([[2.0]]))
    settings = OptimSettings(lr=0.1, betas=(0.9, 0.98), weight_decay=0.5)
    optimizer = build_optimizer(torch.optim.AdamW, [{"params": [weight], "lr": 0.1, "weight_decay": 0.5}], settings)
    (3 * weight).sum().backward()
    optimizer.step()
    # Loshchilov and Hutter 2019: the first step is the gradient's sign; decay is apart from it.
    assert weight.item() == pytest.approx(2.0 * (1 - 0.1 * 0.5) - 0.1, abs=1e-6)
