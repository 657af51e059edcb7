"""A lean forward pass over the weights of a Hugging Face ModernBERT whose layers all attend to everything.

The same numbers as transformers' own forward pass (a test compares outputs and gradients), but faster on CPU: weights
are cast once a step rather than at each use, attention is written out where that is faster, and a batch whose rows
have one length needs no mask.
Shape letters: B rows, L tokens, D hidden size, H heads, E = D / H.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PretrainedConfig

# On a CPU the fused kernel's backward is slow for short texts (in bf16 twice as slow at 512 tokens, and as fast at
# 2,048), but written-out attention holds B · H · L² numbers a layer.
WRITTEN_OUT = 1024


def fits(config: PretrainedConfig) -> bool:
    """Whether a configuration describes what this file computes."""
    return (
        config.model_type == "modernbert"
        and set(config.layer_types) == {"full_attention"}
        and config.rope_parameters["full_attention"]["rope_type"] == "default"
        and config.hidden_activation == "gelu"
        and not (config.attention_bias or config.mlp_bias or config.norm_bias)
        and config.attention_dropout == config.mlp_dropout == config.embedding_dropout == 0.0
    )


class FastModernBert:
    """Computes what a ModernBertModel computes, from its parameters.

    Args:
        model: the plain model; its parameters receive the gradients.
        dtype: of the computation; by default autocast's where that is on, else the parameters'.

    Raises:
        ValueError: the model's configuration asks for what is not computed here.
    """

    def __init__(self, model: nn.Module, dtype: torch.dtype | None = None) -> None:
        if not fits(model.config):
            raise ValueError("expected a ModernBERT of full-attention layers without biases or dropout")
        self.model, self.wanted = model, dtype
        self.heads, self.eps = model.config.num_attention_heads, model.config.norm_eps
        self.dtype = torch.float32
        self._cos = self._sin = torch.empty(0, 0)

    def __call__(self, ids_BL: Tensor, mask_BL: Tensor | None = None) -> Tensor:
        """Token vectors (B, L, D); without a mask all tokens are real."""
        device = ids_BL.device.type
        self.dtype = self.wanted or _dtype(device, self.model.final_norm.weight.dtype)
        with torch.autocast(device, enabled=False):  # it would cast again what is cast here
            return self._hidden(ids_BL, mask_BL)

    def _hidden(self, ids_BL: Tensor, mask_BL: Tensor | None) -> Tensor:
        embeddings = self.model.embeddings
        x_BLD = functional.embedding(ids_BL, embeddings.tok_embeddings.weight)
        # In fp32 up to here, so that the gradients of frequent characters are summed in fp32.
        x_BLD = self._norm(x_BLD, embeddings.norm.weight).to(self.dtype)
        bias = None
        if mask_BL is not None:
            bias = torch.zeros(mask_BL.shape, dtype=self.dtype, device=ids_BL.device)
            bias = bias.masked_fill(~mask_BL.bool(), torch.finfo(self.dtype).min)[:, None, None, :]
        angles = self._rotation(ids_BL.shape[1], ids_BL.device)
        for layer in self.model.layers:
            x_BLD = self._layer(x_BLD, layer, angles, bias)
        return self._norm(x_BLD, self.model.final_norm.weight)

    def _norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return functional.layer_norm(x, x.shape[-1:], weight.to(x.dtype), None, self.eps)

    def _linear(self, x: Tensor, linear: nn.Module) -> Tensor:
        return functional.linear(x, linear.weight.to(self.dtype))

    def _layer(self, x_BLD: Tensor, layer: nn.Module, angles: tuple[Tensor, Tensor], bias: Tensor | None) -> Tensor:
        norm = layer.attn_norm
        y_BLD = x_BLD if isinstance(norm, nn.Identity) else self._norm(x_BLD, norm.weight)
        x_BLD = x_BLD + self._attention(y_BLD, layer.attn, angles, bias)
        up, gate = self._linear(self._norm(x_BLD, layer.mlp_norm.weight), layer.mlp.Wi).chunk(2, -1)
        return x_BLD + self._linear(functional.gelu(up) * gate, layer.mlp.Wo)

    def _attention(self, y_BLD: Tensor, attn: nn.Module, angles: tuple[Tensor, Tensor], bias: Tensor | None) -> Tensor:
        B, L, D = y_BLD.shape
        qkv = self._linear(y_BLD, attn.Wqkv).view(B, L, 3, self.heads, D // self.heads)
        q_BHLE, k_BHLE = _rotate(qkv[:, :, :2], *angles).permute(2, 0, 3, 1, 4).unbind(0)
        attend = fused if y_BLD.device.type != "cpu" or L > WRITTEN_OUT else written_out
        out_BHLE = attend(q_BHLE, k_BHLE, qkv[:, :, 2].transpose(1, 2), bias)
        return self._linear(out_BHLE.transpose(1, 2).reshape(B, L, D), attn.Wo)

    def _rotation(self, length: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """cos and sin (1, L, 1, 1, E/2) of the rotary angles (Su et al. 2021)."""
        if len(self._cos) < length or (self._cos.device, self._cos.dtype) != (device, self.dtype):
            config = self.model.config
            size = config.hidden_size // self.heads
            theta = config.rope_parameters["full_attention"]["rope_theta"]
            with torch.inference_mode(False):  # what is kept from there could not be used in training
                powers = torch.arange(0, size, 2, dtype=torch.float32, device=device) / size
                positions = torch.arange(max(length, 512), dtype=torch.float32, device=device)
                angles = torch.outer(positions, 1.0 / theta**powers)
                self._cos, self._sin = angles.cos().to(self.dtype), angles.sin().to(self.dtype)
        return self._cos[None, :length, None, None], self._sin[None, :length, None, None]


def written_out(q_BHLE: Tensor, k_BHLE: Tensor, v_BHLE: Tensor, bias: Tensor | None) -> Tensor:
    """softmax(q kᵀ / √E + bias) v (B, H, L, E); bias (B, 1, 1, L) or none."""
    scores_BHLL = (q_BHLE * q_BHLE.shape[-1] ** -0.5) @ k_BHLE.transpose(-1, -2)
    if bias is not None:
        scores_BHLL = scores_BHLL + bias
    return torch.softmax(scores_BHLL, -1) @ v_BHLE


def fused(q_BHLE: Tensor, k_BHLE: Tensor, v_BHLE: Tensor, bias: Tensor | None) -> Tensor:
    """The same by torch's kernel for the device, which never holds all scores at once."""
    return functional.scaled_dot_product_attention(q_BHLE, k_BHLE, v_BHLE, attn_mask=bias)


def _dtype(device: str, own: torch.dtype) -> torch.dtype:
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else own


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), -1)
