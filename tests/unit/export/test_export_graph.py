from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from tiny_bundle import DECODINGS, ENCODING, TASKS, tiny_model

from xinyi.export import load_model
from xinyi.export.checks import size_problem
from xinyi.export.graph import FILE, write_graph
from xinyi.export.scoring import on_cpu
from xinyi.export.settings import ExportSettings, Recipe
from xinyi.models.classifier import MultiTaskClassifier

RECIPE = Recipe(TASKS, DECODINGS, ENCODING, True, ExportSettings())


def test_the_graph_states_its_interface(bundle: Path) -> None:
    onnx.checker.check_model(bundle / FILE, full_check=True)
    graph = onnx.load(bundle / FILE)
    assert [(entry.domain, entry.version) for entry in graph.opset_import] == [("", 18)]
    session = onnxruntime.InferenceSession(bundle / FILE)
    free = [(node.name, node.shape, node.type) for node in session.get_inputs()]
    names = ("input_ids", "attention_mask", "token_type_ids")
    assert free == [(name, ["batch", "length"], "tensor(int64)") for name in names]
    shapes = [(node.name, node.shape, node.type) for node in session.get_outputs()]
    assert shapes == [(f"logits.{task.id}", ["batch", len(task.labels)], "tensor(float)") for task in TASKS]
    props = {entry.key: entry.value for entry in graph.metadata_props}
    assert json.loads(props["xinyi.tasks"]) == {task.id: list(task.label_ids) for task in TASKS}


def test_the_graph_is_one_file_without_paths_of_this_machine(bundle: Path) -> None:
    content = (bundle / FILE).read_bytes()
    assert str(Path(torch.__file__).parent).encode() not in content
    assert str(Path(__file__).parents[3]).encode() not in content
    assert not any(tensor.external_data for tensor in onnx.load(bundle / FILE).graph.initializer)


def agree_at_any_shape(session: onnxruntime.InferenceSession, model: MultiTaskClassifier) -> None:
    generator = torch.Generator().manual_seed(3)
    for rows, length in ((1, 1), (1, 2), (1, 64), (2, 7), (5, 33)):
        ids = torch.randint(5, 100, (rows, length), generator=generator)
        mask = (torch.arange(length) < torch.randint(1, length + 1, (rows, 1), generator=generator)).long()
        segments = torch.randint(0, 2, (rows, length), generator=generator)
        feed = {"input_ids": ids.numpy(), "attention_mask": mask.numpy(), "token_type_ids": segments.numpy()}
        got = session.run(None, {node.name: feed[node.name] for node in session.get_inputs()})
        with torch.no_grad():
            expected = model(ids, mask, segments)
        for array, task in zip(got, TASKS, strict=True):
            np.testing.assert_allclose(array, expected[task.id].numpy(), atol=2e-5)


def test_bert_with_mean_pooling_at_any_shape(bundle: Path) -> None:
    agree_at_any_shape(onnxruntime.InferenceSession(bundle / FILE), load_model(bundle))


def test_modernbert_with_first_token_at_any_shape(tmp_path: Path) -> None:
    model = on_cpu(tiny_model("modern", "cls").model)
    write_graph(model, RECIPE, tmp_path)
    agree_at_any_shape(onnxruntime.InferenceSession(tmp_path / FILE), model)


def test_the_trained_model_is_left_as_it_was() -> None:
    tiny = tiny_model()
    before = {name: tensor.clone() for name, tensor in tiny.model.state_dict().items()}
    attention = tiny.model.encoder.config._attn_implementation
    twin = on_cpu(tiny.model)
    assert tiny.model.training
    assert not twin.training
    assert tiny.model.encoder.config._attn_implementation == attention
    assert all(torch.equal(tensor, before[name]) for name, tensor in tiny.model.state_dict().items())


def test_a_model_too_large_for_one_file_is_told_by_its_size() -> None:
    with torch.device("meta"):
        large, small = torch.nn.Linear(2**15, 2**14, bias=False), torch.nn.Linear(2**15, 2**14 - 1, bias=False)
    assert "2.0 GiB" in (size_problem(large) or "")
    assert size_problem(small) is None
