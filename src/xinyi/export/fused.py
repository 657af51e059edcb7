"""A ModernBERT written with onnxruntime's own operators: attention, rotary angles and GELU are one node each.

The graph of standard operators has three times as many nodes, and at the length of a message each costs about as much
as its arithmetic. Only the int8 graph is made from this one: quantisation ties it to onnxruntime anyway, while
model.onnx stays readable for every engine.
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

import copy
from types import SimpleNamespace

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, layer_norm, linear

from xinyi.models.classifier import MultiTaskClassifier

DOMAIN = "com.microsoft::"


def fuse(model: MultiTaskClassifier, length: int) -> MultiTaskClassifier | None:
    """A copy that can only be traced to ONNX, for rows of at most `length` tokens; None for other layouts."""
    if model.fast is None:
        return None
    fused = copy.deepcopy(model)
    fused.encoder, fused.fast = FusedModernBert(fused.encoder, length), None
    return fused


class FusedModernBert(nn.Module):
    """What `FastModernBert` computes, in operators that onnxruntime has and torch has not: to be traced, not called.

    Shape letters: B rows, L tokens, D hidden size, E size of a head.
    """

    def __init__(self, model: nn.Module, length: int) -> None:
        super().__init__()
        self.model, self.config = model, model.config
        self.heads, self.eps = model.config.num_attention_heads, model.config.norm_eps
        size = model.config.hidden_size // self.heads
        powers = torch.arange(0, size, 2, dtype=torch.float32) / size
        theta = model.config.rope_parameters["full_attention"]["rope_theta"]
        angles_LE = torch.outer(torch.arange(length, dtype=torch.float32), 1.0 / theta**powers)
        self.register_buffer("cos_LE", angles_LE.cos())
        self.register_buffer("sin_LE", angles_LE.sin())
        self.register_buffer("first", torch.zeros(1, dtype=torch.int64))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        """`last_hidden_state` (B, L, D), as the model it was made from."""
        x_BLD = self._norm(embedding(input_ids, self.model.embeddings.tok_embeddings.weight), self.model.embeddings)
        mask_BL = attention_mask.to(torch.int32)
        for layer in self.model.layers:
            norm = layer.attn_norm
            y_BLD = x_BLD if isinstance(norm, nn.Identity) else self._norm(x_BLD, layer, "attn_norm")
            x_BLD = x_BLD + self._attention(y_BLD, layer.attn, mask_BL)
            up, gate = linear(self._norm(x_BLD, layer, "mlp_norm"), layer.mlp.Wi.weight).chunk(2, -1)
            x_BLD = x_BLD + linear(_operator("Gelu", [up], up) * gate, layer.mlp.Wo.weight)
        return SimpleNamespace(last_hidden_state=self._norm(x_BLD, self.model, "final_norm"))

    def _norm(self, x: Tensor, owner: nn.Module, name: str = "norm") -> Tensor:
        return layer_norm(x, x.shape[-1:], getattr(owner, name).weight, None, self.eps)

    def _attention(self, y_BLD: Tensor, attn: nn.Module, mask_BL: Tensor) -> Tensor:
        query, key, value = linear(y_BLD, attn.Wqkv.weight).chunk(3, -1)
        inputs = [self._rotated(query), self._rotated(key), value, None, mask_BL]
        return linear(_operator("MultiHeadAttention", inputs, query, num_heads=self.heads), attn.Wo.weight)

    def _rotated(self, x_BLD: Tensor) -> Tensor:
        inputs = [x_BLD, self.first, self.cos_LE, self.sin_LE]
        return _operator("RotaryEmbedding", inputs, x_BLD, interleaved=0, num_heads=self.heads)


def _operator(name: str, inputs: list[Tensor | None], like: Tensor, **attributes: int) -> Tensor:
    """A node with one output of the shape and type of `like`."""
    made = torch.onnx.ops.symbolic(DOMAIN + name, inputs, attributes, dtype=like.dtype, shape=like.shape, version=1)
    assert isinstance(made, Tensor)
    return made
