"""The graph of onnxruntime's own operators, from which int8 is made: the same answers from a third of the nodes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from test_export_graph import RECIPE, agree_at_any_shape
from tiny_bundle import TASKS, export_tiny, tiny_config, tiny_model
from transformers import ModernBertModel

from xinyi.encoding import EncodingSettings
from xinyi.export.fused import fuse
from xinyi.export.graph import FILE, FUSED, write_fused, write_graph
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.runtime import verify
from xinyi.runtime.manifest import read_manifest

LONG = replace(RECIPE, encoding=EncodingSettings(max_length=64))


@pytest.fixture(scope="module", params=[("mean", False), ("mean_max", True)], ids=["plain", "wide"])
def model(request) -> MultiTaskClassifier:
    torch.manual_seed(5)
    config = tiny_config("modern", 120)
    config.num_hidden_layers, config.layer_types = 2, ["full_attention"] * 2
    sizes = {task.id: len(task.labels) for task in TASKS}
    pooling, lexical = request.param
    made = MultiTaskClassifier(ModernBertModel(config), sizes, config.hidden_size, pooling, lexical=lexical).eval()
    if lexical:
        torch.nn.init.normal_(made.lexical.table.weight, std=0.3)
    return made


def test_it_answers_as_the_model_at_any_shape_and_mask(model, tmp_path: Path) -> None:
    write_fused(model, LONG, tmp_path)
    agree_at_any_shape(onnxruntime.InferenceSession(tmp_path / FUSED), model)


def test_it_has_far_fewer_nodes(model, tmp_path: Path) -> None:
    write_fused(model, LONG, tmp_path)
    write_graph(model, LONG, tmp_path)
    fused, plain = (onnx.load(tmp_path / name).graph.node for name in (FUSED, FILE))
    beside = 40 if model.lexical is not None else 0  # the same nodes in both
    assert len(fused) - beside < 0.4 * (len(plain) - beside)
    count = Counter(node.op_type for node in fused if node.domain == "com.microsoft")
    assert count == {"MultiHeadAttention": 2, "RotaryEmbedding": 4, "Gelu": 2}
    assert {node.domain for node in plain} == {""}


def test_the_model_is_left_as_it_was(model, tmp_path: Path) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    write_fused(model, LONG, tmp_path)
    assert model.fast is not None
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_other_layouts_have_none(tmp_path: Path) -> None:
    assert fuse(tiny_model("bert").model, 64) is None
    write_fused(tiny_model("bert").model, RECIPE, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_bundle_has_int8_of_it_and_no_trace_beside(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    export_tiny(folder, tiny_model("modern"))
    assert not (folder / FUSED).exists()
    assert read_manifest(folder).raw["parity"]["int8"]["settings"] == "dynamic"
    assert any(node.op_type == "MultiHeadAttention" for node in onnx.load(folder / "model.int8.onnx").graph.node)
    assert verify(folder) == []


def test_a_row_of_the_greatest_length_is_answered(model, tmp_path: Path) -> None:
    write_fused(model, LONG, tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / FUSED)
    ids = np.full((1, 64), 7, np.int64)
    feed = {node.name: ids if node.name == "input_ids" else np.ones_like(ids) for node in session.get_inputs()}
    assert all(np.isfinite(part).all() for part in session.run(None, feed))
