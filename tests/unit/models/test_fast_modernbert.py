"""The lean forward pass against transformers' own: outputs and gradients, padded and not."""

from __future__ import annotations

import pytest
import torch
from transformers import ModernBertConfig, ModernBertModel

from xinyi.models import fast_modernbert
from xinyi.models.fast_modernbert import FastModernBert, fits, fused, written_out

SIZES = {
    "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48,
    "max_position_embeddings": 64, "pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2,
    "eos_token_id": 3, "layer_types": ["full_attention"] * 3,
}  # fmt: skip


@pytest.fixture
def model() -> ModernBertModel:
    torch.manual_seed(3)
    made = ModernBertModel._from_config(ModernBertConfig(**SIZES), attn_implementation="eager")
    for p in made.parameters():  # norms other than 1, or a forgotten weight would not show
        p.data.add_(0.2 * torch.randn_like(p))
    return made


def _rows(lengths: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(lengths)
    ids, mask = torch.randint(5, 60, (len(lengths), width)), torch.zeros(len(lengths), width, dtype=torch.long)
    for row, length in enumerate(lengths):
        mask[row, :length] = 1
    return ids * mask, mask


@pytest.mark.parametrize("lengths", [[9, 9, 9], [1], [17, 4, 11]])
def test_outputs_and_gradients_are_those_of_transformers(model, lengths):
    ids, mask = _rows(lengths)
    target = torch.randn(*ids.shape, 32) * mask.unsqueeze(-1)
    found = []
    for forward in (
        lambda: model(input_ids=ids, attention_mask=mask).last_hidden_state,
        lambda: FastModernBert(model)(ids, mask),
    ):
        model.zero_grad()
        hidden = forward()
        (hidden * target).sum().backward()
        gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
        found.append((hidden.detach() * mask.unsqueeze(-1), gradients))
    (plain, plain_gradients), (fast, fast_gradients) = found
    assert torch.allclose(plain, fast, atol=1e-5)
    assert plain_gradients.keys() == fast_gradients.keys()
    for name, gradient in plain_gradients.items():
        assert torch.allclose(gradient, fast_gradients[name], atol=1e-4, rtol=1e-4), name


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("padded", [True, False])
def test_both_forms_of_attention_agree_in_outputs_and_gradients(dtype, padded):
    torch.manual_seed(0)
    sides = [torch.randn(3, 4, 21, 8).to(dtype).requires_grad_() for _ in range(3)]
    bias = None
    if padded:
        hidden = torch.arange(21) >= torch.tensor([21, 5, 1])[:, None]
        bias = torch.zeros(3, 21, dtype=dtype).masked_fill(hidden, torch.finfo(dtype).min)[:, None, None, :]
    target, found = torch.randn(3, 4, 21, 8), []
    for attend in (written_out, fused):
        out = attend(*sides, bias)
        found.append((out, *torch.autograd.grad((out.float() * target).sum(), sides)))
    near = {"rtol": 1e-4, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 0.05, "atol": 0.05}
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, **near)


@pytest.mark.parametrize(("limit", "calls"), [(21, 0), (20, 3)])
def test_long_texts_go_through_the_kernel_and_give_the_same(model, monkeypatch, limit, calls):
    ids, mask = _rows([21, 4])
    expected, used = FastModernBert(model)(ids, mask), []
    monkeypatch.setattr(fast_modernbert, "WRITTEN_OUT", limit)
    monkeypatch.setattr(fast_modernbert, "fused", lambda *given: used.append(1) or fused(*given))
    found = FastModernBert(model)(ids, mask)
    assert len(used) == calls  # once a layer
    real = mask.bool()
    torch.testing.assert_close(found[real], expected[real], rtol=1e-4, atol=1e-5)


def test_another_device_than_a_cpu_takes_the_kernel(model, monkeypatch):
    used = []
    monkeypatch.setattr(fast_modernbert, "fused", lambda q, k, v, bias: used.append(q.device.type) or v)
    ids, mask = _rows([9, 4])
    FastModernBert(model.to("meta"))._hidden(ids.to("meta"), mask.to("meta"))
    assert used == ["meta"] * 3


def test_padding_changes_nothing(model):
    ids, mask = _rows([12, 5])
    fast = FastModernBert(model)
    assert torch.allclose(fast(ids, mask)[1, :5], fast(ids[1:, :5])[0], atol=1e-5)


def test_follows_autocast_and_keeps_gradients_in_fp32(model):
    ids, _ = _rows([6, 6])
    fast = FastModernBert(model)
    plain = fast(ids)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = fast(ids)
    assert plain.dtype == torch.float32
    assert rounded.dtype == torch.bfloat16
    assert torch.allclose(plain, rounded.float(), atol=0.2)
    rounded.float().sum().backward()
    assert {p.grad.dtype for p in model.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    "other",
    [
        {"attention_bias": True},
        {"mlp_dropout": 0.1},
        {"layer_types": ["full_attention", "sliding_attention"] * 2, "num_hidden_layers": 4},
    ],
)
def test_refuses_what_it_does_not_compute(other):
    config = ModernBertConfig(**{**SIZES, **other})
    assert not fits(config)
    with pytest.raises(ValueError, match="full-attention"):
        FastModernBert(ModernBertModel(config))


def test_training_goes_on_after_an_answer_in_inference_mode(model):
    ids, mask = _rows([12, 5])
    fast = FastModernBert(model)
    with torch.inference_mode():
        wanted = fast(ids, mask)
    found = fast(ids, mask)
    found.sum().backward()
    assert torch.equal(found, wanted)
