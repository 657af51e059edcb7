from __future__ import annotations

import copy

import onnxruntime
import pytest
import torch
from test_export_graph import RECIPE, agree_at_any_shape
from tiny_bundle import tiny_model
from transformers import BertConfig, BertModel

from xinyi.export.first_token import FirstTokenLayer, shorten_last_layer
from xinyi.export.graph import FILE, write_graph
from xinyi.export.scoring import on_cpu
from xinyi.models.classifier import MultiTaskClassifier


def deep(pooling: str) -> MultiTaskClassifier:
    """Three layers, so that the last is not the first."""
    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=120, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=64,
    )  # fmt: skip
    model = MultiTaskClassifier(
        BertModel(config, add_pooling_layer=False), {"sentiment": 3, "emotion": 3, "intent": 3}, 32, pooling
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3.0)
    return on_cpu(model)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_it_is_exact_with_padding_and_segments(attention: str) -> None:
    whole = deep("cls")
    whole.encoder.set_attn_implementation(attention)
    short = shorten_last_layer(copy.deepcopy(whole))
    assert isinstance(short.encoder.encoder.layer[-1], FirstTokenLayer)
    ids = torch.randint(5, 100, (6, 17))
    mask = (torch.arange(17) < torch.tensor([17, 1, 5, 9, 16, 2])[:, None]).long()
    segments = torch.randint(0, 2, (6, 17))
    with torch.no_grad():
        expected, got = whole(ids, mask, segments), short(ids, mask, segments)
    for task, logits in expected.items():
        torch.testing.assert_close(got[task], logits, atol=2e-6, rtol=1e-5)


def test_the_graph_of_a_first_token_model_agrees_at_any_shape_and_is_shorter(tmp_path) -> None:
    model = deep("cls")
    write_graph(model, RECIPE, tmp_path)
    agree_at_any_shape(onnxruntime.InferenceSession(tmp_path / FILE), model)
    assert not isinstance(model.encoder.encoder.layer[-1], FirstTokenLayer)


@pytest.mark.parametrize("kind", ["mean pooling", "another layout"])
def test_what_it_would_not_be_exact_for_is_left_alone(kind: str) -> None:
    model = deep("mean") if kind == "mean pooling" else on_cpu(tiny_model("modern", "cls").model)
    assert not any(isinstance(part, FirstTokenLayer) for part in shorten_last_layer(model).modules())
