"""The formats of a bundle that hold the model exactly (fp32): how each is written, and how it is asked again.

int8 is no such format: it loses something, so that it is measured (see `int8`) and not only compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from xinyi.export import graph, openvino_ir, program, weights
from xinyi.export.settings import Recipe
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.runtime.replay import Scorer


@dataclass(frozen=True)
class Format:
    """One exact format.

    write: puts its files into the bundle. score: task id → logits of encoded rows, for formats that the runtime
    cannot open.
    """

    write: Callable[[MultiTaskClassifier, Recipe, Path], object]
    score: Scorer | None = None


# In the order of writing.
FORMATS: Mapping[str, Format] = {
    "safetensors": Format(weights.write_weights, weights.score_weights),
    "onnx": Format(graph.write_graph),
    "pt2": Format(program.write_program, program.score_program),
    "openvino": Format(openvino_ir.write_ir),
}
INT8 = "onnx_int8"


def torch_scorers(programs: bool = False) -> dict[str, Scorer]:
    """How `prove` asks the formats that need torch.

    programs: whether programs are run too; one from others can run whatever it likes.
    """
    return {name: each.score for name, each in FORMATS.items() if each.score and (programs or name != "pt2")}
