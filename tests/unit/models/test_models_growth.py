"""Grown models: the same outputs, sizes that cannot be grown to, and copies that learn different things."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoConfig, BertConfig, ModernBertConfig, ModernBertForMaskedLM

from xinyi.errors import ConfigError
from xinyi.models.backbone import EMBEDDED, BackboneSettings
from xinyi.models.growth import grown
from xinyi.models.masked_lm import load_masked_lm

IDS = torch.tensor([[2, 11, 40, 8, 25, 3], [2, 7, 7, 19, 50, 3]])


def _config(hidden: int = 32, heads: int = 2, layers: int = 2, inner: int = 48, **more: object) -> ModernBertConfig:
    return ModernBertConfig(
        vocab_size=60, hidden_size=hidden, num_attention_heads=heads, num_hidden_layers=layers, intermediate_size=inner,
        max_position_embeddings=64, layer_types=["full_attention"] * layers, pad_token_id=0, cls_token_id=2,
        sep_token_id=3, bos_token_id=2, eos_token_id=3, **more,
    )  # fmt: skip


@pytest.fixture
def small() -> ModernBertForMaskedLM:
    torch.manual_seed(5)
    made = ModernBertForMaskedLM._from_config(_config(), attn_implementation="eager").eval()
    for p in made.parameters():  # norms other than 1, or a forgotten weight would not show
        p.data.add_(0.2 * torch.randn_like(p))
    return made


@pytest.mark.parametrize(
    ("hidden", "heads", "layers", "inner"),
    [(32, 2, 2, 48), (64, 4, 2, 48), (96, 6, 2, 130), (32, 2, 2, 77), (32, 2, 5, 48), (64, 4, 3, 100)],
)
def test_a_grown_model_computes_the_same(small, hidden, heads, layers, inner):
    large = grown(small, _config(hidden, heads, layers, inner)).eval()
    with torch.no_grad():
        assert torch.allclose(large(IDS).logits, small(IDS).logits, atol=2e-4)
    assert large.config.num_hidden_layers == layers
    assert large.base_model.embeddings.norm.weight.shape == (hidden,)


def test_copies_do_not_learn_the_same(small):
    large = grown(small, _config(64, 4, 3, 96))
    torch.nn.functional.cross_entropy(large(IDS).logits.flatten(0, 1), IDS.flatten()).backward()
    for layer in (large.base_model.layers[0], large.base_model.layers[2]):
        first, second = layer.mlp.Wi.weight.grad[:96].chunk(2)
        assert not torch.allclose(first, second, rtol=1e-2, atol=1e-6)
    added = large.base_model.layers[1]
    assert added.mlp.Wo.weight.grad.abs().sum() > 0
    assert added.attn.Wo.weight.grad.abs().sum() > 0


def test_the_seed_decides_the_shares(small):
    one, same, other = (grown(small, _config(64, 4), seed).head.dense.weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize(
    ("sizes", "named"),
    [
        ({"hidden": 48, "heads": 3}, "a multiple of 32"),
        ({"hidden": 16, "heads": 2}, "a multiple of 32"),
        ({"hidden": 64, "heads": 2}, "num_attention_heads"),
        ({"layers": 1}, "at least 2"),
        ({"inner": 40}, "at least 48"),
    ],
)
def test_sizes_that_cannot_be_grown_to_are_named(small, sizes, named):
    with pytest.raises(ConfigError, match=named):
        grown(small, _config(**sizes))


def test_other_layouts_are_refused(small):
    with pytest.raises(ConfigError, match="a ModernBERT like the embedded one"):
        grown(small, BertConfig(vocab_size=60))
    with pytest.raises(ConfigError, match="a ModernBERT like the embedded one"):
        grown(small, _config(attention_bias=True))


def test_the_embedded_encoder_grows():
    settings = BackboneSettings(config={"num_hidden_layers": 6})
    large = load_masked_lm(settings, grow=True)
    plain = load_masked_lm(BackboneSettings())
    assert large.origin == "embedded, grown"
    assert len(large.model.base_model.layers) == 6
    with torch.no_grad():
        assert torch.allclose(large.model(IDS).logits, plain.model(IDS).logits, atol=1e-3)
    assert AutoConfig.from_pretrained(EMBEDDED).num_hidden_layers == 4
