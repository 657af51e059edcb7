"""What runs a graph: onnxruntime, or OpenVINO where a bundle has its format and the package is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from xinyi.errors import BundleError, describe
from xinyi.runtime.manifest import AGAIN

# Each format a bundle may hold, with the file that it begins with.
FORMAT_FILES = {
    "safetensors": "model.safetensors",
    "onnx": "model.onnx",
    "onnx_int8": "model.int8.onnx",
    "pt2": "model.pt2",
    "openvino": "model.xml",
}
# Formats that answer without torch.
SERVABLE = ("onnx", "onnx_int8", "openvino")
# Formats that are made from another.
NEEDS = {"onnx_int8": "onnx", "openvino": "onnx"}


def own_files(graph: str) -> list[str]:
    """All files that a graph consists of, itself first: OpenVINO keeps weights beside it."""
    return [graph, graph.removesuffix(".xml") + ".bin"] if graph.endswith(".xml") else [graph]


@dataclass(frozen=True)
class Node:
    """An input or output of a graph. shape: sizes, None or a name where free."""

    name: str
    shape: list[Any]


class Session(Protocol):
    """An open graph; may be run from any number of threads at once."""

    def get_inputs(self) -> Sequence[Any]:
        """The inputs; `name` and `shape` are read."""
        ...

    def get_outputs(self) -> Sequence[Any]:
        """The outputs."""
        ...

    def run(self, names: list[str], feed: Mapping[str, NDArray]) -> list[NDArray[np.float32]]:
        """The named outputs."""
        ...


def open_session(path: Path, threads: int | None = None) -> Session:
    """Open a graph by its file's ending. threads: for one batch; None leaves it to the engine.

    Raises:
        BundleError: the file is no graph, or its engine is not installed.
    """
    return _openvino(path, threads) if path.suffix == ".xml" else _onnxruntime(path, threads)


def _onnxruntime(path: Path, threads: int | None) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.log_severity_level = 3
    # Patterns are remembered for each input shape: with texts of any length that would only grow.
    options.enable_mem_pattern = False
    # Waiting threads would burn a core each: without, a busy machine did 1.4 times as many texts a CPU second.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors share no base class
        raise _refused(path, "an ONNX graph", error) from error


def _openvino(path: Path, threads: int | None) -> Session:
    try:
        import openvino
    except ModuleNotFoundError as error:
        problem = describe("the package openvino", "none", "pip install 'xinyi[openvino]'", path.name)
        raise BundleError([problem]) from error
    # fp32 throughout: some CPUs would otherwise be given bf16, which is not what was proved.
    settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    settings |= {"INFERENCE_NUM_THREADS": threads} if threads else {}
    try:
        return OpenVinoSession(openvino.Core().compile_model(path, "CPU", settings))
    except Exception as error:  # openvino's errors share no base class
        raise _refused(path, "an OpenVINO graph", error) from error


def _refused(path: Path, expected: str, error: Exception) -> BundleError:
    return BundleError([describe(expected, " ".join(str(error).split())[:200], AGAIN, path.name)])


class OpenVinoSession:
    """A compiled OpenVINO graph with the calls of onnxruntime's session."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def get_inputs(self) -> list[Node]:
        """See Session."""
        return [self._node(port) for port in self._compiled.inputs]

    def get_outputs(self) -> list[Node]:
        """See Session."""
        return [self._node(port) for port in self._compiled.outputs]

    def run(self, names: list[str], feed: Mapping[str, NDArray]) -> list[NDArray[np.float32]]:
        """See Session. Each call has a request of its own, so that threads do not meet."""
        found = self._compiled.create_infer_request().infer(dict(feed))
        by_name = {port.get_any_name(): array for port, array in found.items()}
        return [by_name[name] for name in names]

    @staticmethod
    def _node(port: Any) -> Node:
        return Node(port.get_any_name(), [None if dim.is_dynamic else dim.get_length() for dim in port.partial_shape])
