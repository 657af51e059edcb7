"""The last encoder layer, worked out for the first token only where that token alone is pooled.

Exact: the last layer's other outputs are read by nobody, while its keys and values still come from every token. It
saves most of that layer: its query, output and feed-forward products shrink from L rows to one.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from xinyi.models.classifier import MultiTaskClassifier
from xinyi.models.pooling import cls

# Layers with BERT's parts and BERT's order: attention, add and norm, feed-forward, add and norm.
LAYERS = ("BertLayer", "RobertaLayer", "XLMRobertaLayer", "ElectraLayer")


def shorten_last_layer(model: MultiTaskClassifier) -> MultiTaskClassifier:
    """Put the shortened layer into the model, if it pools the first token and its layers are known; returns it."""
    layers = getattr(getattr(model.encoder, "encoder", None), "layer", None)
    if model.pool is cls and layers and type(layers[-1]).__name__ in LAYERS:
        layers[-1] = FirstTokenLayer(layers[-1])
    return model


class FirstTokenLayer(nn.Module):
    """A BERT layer whose output is (B, 1, D): the first token's."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, hidden_BLD: Tensor, mask: Tensor | None = None, *_: Any, **__: Any) -> Tensor:
        """As the whole layer's [:, :1]. mask: additive or true where tokens are, (B, 1, 1 or L, L)."""
        attention = self.layer.attention.self
        size = attention.attention_head_size
        first_B1D = hidden_BLD[:, :1]
        query, key, value = (
            part.unflatten(-1, (-1, size)).transpose(1, 2)
            for part in (attention.query(first_B1D), attention.key(hidden_BLD), attention.value(hidden_BLD))
        )
        scores_BH1L = query @ key.transpose(-1, -2) / size**0.5
        if mask is not None and mask.dtype == torch.bool:
            scores_BH1L = scores_BH1L.masked_fill(~mask[:, :, :1], torch.finfo(scores_BH1L.dtype).min)
        elif mask is not None:
            scores_BH1L = scores_BH1L + mask[:, :, :1]
        context_B1D = (torch.softmax(scores_BH1L, dim=-1) @ value).transpose(1, 2).flatten(2)
        attended_B1D = self.layer.attention.output(context_B1D, first_B1D)
        return self.layer.feed_forward_chunk(attended_B1D)
