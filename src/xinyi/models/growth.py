"""A larger ModernBERT that computes what a smaller one computes, to go on from.

Wider: vectors are repeated, and what reads them shares its weights out over the copies (Net2Net, Chen et al. 2016;
for BERT: bert2BERT, Chen et al. 2022). Deeper: layers are repeated whose output is zero at first (Shen et al. 2022,
Staged Training for Transformer Language Models). The shares are random, or the copies would learn the same thing.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from xinyi.errors import ConfigError, describe
from xinyi.models.fast_modernbert import fits


def grown(small: PreTrainedModel, config: PretrainedConfig, seed: int = 7) -> PreTrainedModel:
    """A model of the layout `config` with the outputs of `small` (up to rounding).

    Args:
        small: a ModernBERT for masked language modelling, every layer attending to the whole row.
        config: hidden size and heads some whole number of times those of `small`, no fewer layers, feed-forward
            layers no narrower, the same vocabulary.
        seed: of the shares.

    Raises:
        ConfigError: other layouts or sizes.
    """
    _check(small.config, config)
    copies = config.hidden_size // small.config.hidden_size
    large = type(small)(config).float()
    large.set_attn_implementation(small.config._attn_implementation)
    rng = torch.Generator().manual_seed(seed)
    base, wide = small.base_model, large.base_model
    with torch.no_grad():
        wide.embeddings.tok_embeddings.weight.copy_(base.embeddings.tok_embeddings.weight.repeat(1, copies))
        _fill_norms(wide.embeddings, base.embeddings, copies)
        _fill_norms(wide, base, copies)
        for at, layer in enumerate(wide.layers):
            source, new = _source(at, len(wide.layers), len(base.layers))
            _fill_layer(layer, base.layers[source], copies, rng)
            if new:
                layer.attn.Wo.weight.zero_()
                layer.mlp.Wo.weight.zero_()
        _fill(large.head.dense, small.head.dense, copies, rng)
        # The tied output layer adds up what the copies of a vector say: each has its part.
        large.head.norm.weight.copy_(small.head.norm.weight.repeat(copies) / copies)
        large.decoder.bias.copy_(small.decoder.bias)
    return large


def _check(old: PretrainedConfig, new: PretrainedConfig) -> None:
    """Whether one can be grown into the other."""
    if not (fits(old) and fits(new) and old.vocab_size == new.vocab_size):
        remedy = "use backbone=embedded, or begin with pretraining.scratch=true"
        raise ConfigError([describe("a ModernBERT like the embedded one", old.model_type, remedy, "pretraining.grow")])
    times = max(1, new.hidden_size // old.hidden_size)
    least = {
        "hidden_size": (f"a multiple of {old.hidden_size}", times * old.hidden_size),
        "num_attention_heads": (f"{times * old.num_attention_heads}, as wide", times * old.num_attention_heads),
        "num_hidden_layers": (f"at least {old.num_hidden_layers}", max(old.num_hidden_layers, new.num_hidden_layers)),
        "intermediate_size": (f"at least {old.intermediate_size}", max(old.intermediate_size, new.intermediate_size)),
    }
    problems = [
        describe(expected, getattr(new, name), "change it", f"backbone.config.{name}")
        for name, (expected, size) in least.items()
        if getattr(new, name) != size
    ]
    if problems:
        raise ConfigError(problems)


def _source(at: int, layers: int, old: int) -> tuple[int, bool]:
    """Which old layer a layer comes from, and whether it is an addition: the copies of a layer follow it."""
    source = at * old // layers
    return source, at > 0 and (at - 1) * old // layers == source


def _fill_norms(large: nn.Module, small: nn.Module, copies: int) -> None:
    """The norms that lie directly in a module; a norm that the smaller one has not keeps its ones."""
    for name, norm in large.named_children():
        old = getattr(small, name)
        if isinstance(norm, nn.LayerNorm) and isinstance(old, nn.LayerNorm):
            norm.weight.copy_(old.weight.repeat(copies))


def _fill_layer(large: nn.Module, small: nn.Module, copies: int, rng: torch.Generator) -> None:
    _fill_norms(large, small, copies)
    # Rows of Wqkv: those of q, of k, of v, in each the heads one after the other.
    blocks = small.attn.Wqkv.weight.chunk(3)
    rows = torch.cat([block.repeat(copies, 1) for block in blocks])
    large.attn.Wqkv.weight.copy_(_shared(rows, _repeated(rows.shape[1], copies * rows.shape[1]), rng))
    _fill(large.attn.Wo, small.attn.Wo, copies, rng)
    inner = _repeated(small.mlp.Wo.in_features, large.mlp.Wo.in_features)
    rows = torch.cat([block[inner] for block in small.mlp.Wi.weight.chunk(2)])
    large.mlp.Wi.weight.copy_(_shared(rows, _repeated(rows.shape[1], copies * rows.shape[1]), rng))
    large.mlp.Wo.weight.copy_(_shared(small.mlp.Wo.weight.repeat(copies, 1), inner, rng))


def _fill(large: nn.Linear, small: nn.Linear, copies: int, rng: torch.Generator) -> None:
    """A layer from repeated vectors to repeated vectors."""
    rows = small.weight.repeat(copies, 1)
    large.weight.copy_(_shared(rows, _repeated(rows.shape[1], copies * rows.shape[1]), rng))


def _repeated(old: int, new: int) -> Tensor:
    """For each new entry the old one that it is a copy of."""
    return torch.arange(new) % old


def _shared(weight_OI: Tensor, copy_of_J: Tensor, rng: torch.Generator) -> Tensor:
    """Weights (O, J) of repeated inputs: each weight shared out at random over the copies of its input."""
    parts_OJ = 0.5 + torch.rand(len(weight_OI), len(copy_of_J), generator=rng)
    sums_OI = torch.zeros_like(weight_OI).index_add_(1, copy_of_J, parts_OJ)
    return weight_OI[:, copy_of_J] * parts_OJ / sums_OI[:, copy_of_J]
