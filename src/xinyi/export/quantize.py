"""model.int8.onnx: weights and activations of matrix products in 8 bits, by onnxruntime's quantisation.

Weights are quantised per output channel and in 7 of the 8 bits: with 8, the products of CPUs without VNNI overflow,
and the same file would answer otherwise there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)

from xinyi.encoding import Encoded
from xinyi.errors import describe
from xinyi.export.settings import ExportError
from xinyi.runtime.batches import batches, feed


@dataclass(frozen=True)
class Quantization:
    """One way to quantise.

    static: ranges of activations come from calibration texts; else each batch's own are taken.
    embeddings: whether the embedding tables are quantised too. left: which products stay in fp32: `none`; `down`,
    those that make a vector shorter (feed-forward outputs, whose inputs have the widest ranges); `last`, those of
    the last quarter of the graph as well.
    """

    name: str
    static: bool = False
    embeddings: bool = True
    left: str = "none"


# From the smallest and fastest to the most careful; the first that loses little enough is taken.
LADDER = (
    Quantization("dynamic"),
    Quantization("dynamic; embeddings in fp32", embeddings=False),
    Quantization("dynamic; embeddings and feed-forward outputs in fp32", embeddings=False, left="down"),
    Quantization("static, feed-forward outputs in fp32", static=True, embeddings=False, left="down"),
    Quantization("dynamic; last quarter in fp32 as well", embeddings=False, left="last"),
)


def quantize(source: Path, target: Path, how: Quantization, texts: Encoded, pad_id: int) -> None:
    """Write the quantised graph. texts: encoded calibration rows, read when `how.static`.

    Raises:
        ExportError: onnxruntime cannot quantise this graph.
    """
    model = onnx.load(source)
    operators = ["MatMul", "Gemm", *(["Gather"] if how.embeddings else [])]
    # onnxruntime's own operators do not tell the type of what they give.
    extra = {"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT}
    common = {
        "op_types_to_quantize": operators, "per_channel": True, "reduce_range": True, "weight_type": QuantType.QInt8,
        "nodes_to_exclude": left_out(model, how.left), "extra_options": extra,
    }  # fmt: skip
    try:
        with _quiet():
            if how.static:
                _static(source, target, _Texts(model, texts, pad_id), common)
            else:
                quantize_dynamic(source, target, **common)
    except Exception as error:  # onnxruntime's errors share no base class
        found = " ".join(str(error).split())[:200]
        remedy = "leave onnx_int8 out of export.formats"
        raise ExportError([describe("a graph that can be quantised", found, remedy, target.name)]) from error
    _keep_notes(model, target)


def _static(source: Path, target: Path, texts: CalibrationDataReader, common: dict) -> None:
    options = {**common["extra_options"], "ActivationSymmetric": False, "CalibMovingAverage": True}
    quantize_static(
        source, target, texts, quant_format=QuantFormat.QDQ, calibrate_method=CalibrationMethod.MinMax,
        activation_type=QuantType.QUInt8, **{**common, "extra_options": options},
    )  # fmt: skip


def left_out(model: onnx.ModelProto, which: str) -> list[str]:
    """Names of the products with a weight that stay in fp32; see `Quantization.left`."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    products = [
        (node.name, shapes[node.input[1]])
        for node in model.graph.node
        if node.op_type == "MatMul" and len(shapes.get(node.input[1], ())) == 2
    ]
    if which == "none":
        return []
    down = [name for name, (inputs, outputs) in products if inputs > outputs]
    last = [name for name, _ in products[len(products) - len(products) // 4 :]] if which == "last" else []
    return list(dict.fromkeys([*down, *last]))


class _Texts(CalibrationDataReader):
    """Batches for calibration, as the runtime makes them."""

    def __init__(self, model: onnx.ModelProto, encoded: Encoded, pad_id: int) -> None:
        self._wanted = [value.name for value in model.graph.input]
        self._encoded, self._pad_id = encoded, pad_id
        self._rows: Iterator[NDArray[np.int64]] = batches(encoded.lengths)

    def get_next(self) -> dict[str, NDArray] | None:
        """The next batch, None after the last."""
        rows = next(self._rows, None)
        if rows is None:
            return None
        inputs = feed(self._encoded, rows, self._pad_id)
        return {name: inputs[name] for name in self._wanted}


def _keep_notes(model: onnx.ModelProto, target: Path) -> None:
    """Put back what quantisation drops: the producer, and the label order in the graph's metadata."""
    made = onnx.load(target)
    made.producer_name = model.producer_name
    del made.metadata_props[:]
    made.metadata_props.extend(model.metadata_props)
    del made.graph.value_info[:]
    onnx.save(made, target)


@contextmanager
def _quiet() -> Iterator[None]:
    """onnxruntime's quantisation warns on the root logger that a graph was not preprocessed."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)
