"""model.onnx: encoder, pooling and every head in one graph with dynamic batch and length."""

from __future__ import annotations

import copy
import json
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from xinyi.errors import describe
from xinyi.export.checks import size_problem
from xinyi.export.first_token import shorten_last_layer
from xinyi.export.fused import fuse
from xinyi.export.settings import ExportError, Recipe
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.runtime.classifier import INPUTS, OUTPUT

FILE = "model.onnx"
FUSED = "model.fused.onnx"


class Positional(nn.Module):
    """The classifier with a tuple of logits instead of a dict."""

    def __init__(self, model: MultiTaskClassifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.model(input_ids, attention_mask, token_type_ids).values())


def write_graph(model: MultiTaskClassifier, recipe: Recipe, folder: Path) -> str:
    """Write the graph: int64 (B, L) inputs, `logits.<task>` outputs (B, C), fp32. Returns the file's name.

    Raises:
        ExportError: the model is too large for one file, or has operations that ONNX lacks.
    """
    if problem := size_problem(model):
        raise ExportError([problem])
    _write(shorten_last_layer(copy.deepcopy(model)), recipe, folder / FILE)
    return FILE


def write_fused(model: MultiTaskClassifier, recipe: Recipe, folder: Path) -> None:
    """Write the same graph with onnxruntime's own operators, as a source for quantisation, where the layout has any."""
    if (fused := fuse(model, recipe.encoding.max_length)) is not None:
        _write(fused, recipe, folder / FUSED)


def _write(model: MultiTaskClassifier, recipe: Recipe, path: Path) -> None:
    proto = _trace(model, list(model.heads), recipe.settings.opset)
    _clean(proto)
    proto.producer_name = "xinyi"
    labels = {task.id: list(task.label_ids) for task in recipe.tasks}
    onnx.helper.set_model_props(proto, {"xinyi.tasks": json.dumps(labels, ensure_ascii=False)})
    onnx.save(proto, path)


def _trace(model: MultiTaskClassifier, tasks: list[str], opset: int) -> onnx.ModelProto:
    inputs, shapes = example(model)
    try:
        with quiet_exporter(), torch.no_grad():
            program = torch.onnx.export(
                Positional(model).eval(),
                inputs,
                dynamo=True,
                dynamic_shapes=shapes,
                input_names=INPUTS,
                output_names=[OUTPUT + task for task in tasks],
                opset_version=opset,
                verbose=False,
            )
            return program.model_proto
    except Exception as error:  # the exporter's errors share no base class
        found = " ".join(str(error).split())[:300]
        raise ExportError([describe("a model that ONNX can express", found, "leave onnx out", FILE)]) from error


def example(model: MultiTaskClassifier) -> tuple[tuple[Tensor, ...], tuple[dict[int, Any], ...]]:
    """Inputs to trace with (2, 7), and which of their sizes are free: rows and tokens."""
    # Neither size may be 1: the exporter would take it for a constant.
    ids_BL = torch.arange(14).reshape(2, 7) % int(model.encoder.config.vocab_size)
    mask_BL = torch.ones_like(ids_BL)
    mask_BL[1, 4:] = 0
    free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    return (ids_BL, mask_BL, torch.zeros_like(ids_BL)), (free,) * 3


def _clean(proto: onnx.ModelProto) -> None:
    """Name the free sizes, and drop what the exporter noted: paths of this machine, and shapes of inner values."""
    del proto.graph.value_info[:]  # onnxruntime's quantisation stumbles over them
    for node in [*proto.graph.node, *(n for function in proto.functions for n in function.node)]:
        del node.metadata_props[:]
        node.doc_string = ""
    names: dict[str, str] = {}
    for value in proto.graph.input:
        del value.metadata_props[:]
        for dim, name in zip(value.type.tensor_type.shape.dim, ("batch", "length"), strict=True):
            names[dim.dim_param] = name
            dim.dim_param = name
    for value in proto.graph.output:
        del value.metadata_props[:]
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_param = re.sub(r"\w+", lambda m: names.get(m[0], m[0]), dim.dim_param)
    del proto.graph.metadata_props[:]
    del proto.metadata_props[:]


@contextmanager
def quiet_exporter() -> Iterator[None]:
    """The exporter warns about torchvision and about torch's own deprecations."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
