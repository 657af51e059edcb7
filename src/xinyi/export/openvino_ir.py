"""model.xml and model.bin: OpenVINO's intermediate representation, made from model.onnx. Needs `xinyi[openvino]`."""

from __future__ import annotations

from pathlib import Path

from xinyi.errors import describe
from xinyi.export import graph
from xinyi.export.settings import ExportError, Recipe
from xinyi.models.classifier import MultiTaskClassifier

FILE = "model.xml"
# Where the converter notes how it was called, and from where.
_NOTES = "conversion_parameters"


def write_ir(model: MultiTaskClassifier, recipe: Recipe, folder: Path) -> str:
    """Convert the folder's model.onnx, in fp32; returns the name of the file that describes the graph.

    Raises:
        ExportError: openvino is not installed, or cannot convert the graph.
    """
    try:
        import openvino
    except ModuleNotFoundError as error:
        remedy = "pip install 'xinyi[openvino]', or take openvino out of export.formats"
        raise ExportError([describe("the package openvino", "none", remedy, FILE)]) from error
    try:
        made = openvino.convert_model(folder / graph.FILE)
        made.set_rt_info("", _NOTES)
        openvino.save_model(made, folder / FILE, compress_to_fp16=False)
    except Exception as error:  # openvino's errors share no base class
        found = " ".join(str(error).split())[:300]
        raise ExportError([describe("a graph that OpenVINO can run", found, "leave openvino out", FILE)]) from error
    return FILE
