"""What a bundle is to hold, and the error when it does not hold together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xinyi.encoding import EncodingSettings
from xinyi.errors import ProblemsError
from xinyi.tasks.decode import Decoding
from xinyi.tasks.spec import TaskSpec


class ExportError(ProblemsError):
    """The exported model does not answer as the trained one, or the bundle cannot be written."""

    title = "bundle was not written"


@dataclass(frozen=True)
class ExportSettings:
    """The fields are those of the configuration group `export`.

    formats: of `xinyi.runtime.engines.FORMAT_FILES`. tolerance: largest difference of a probability from the
    trained model's, for the exact (fp32) formats. int8_margin: the most of a task's primary metric that int8 may
    lose on the validation set (0.005 = half a point). golden: least number of rows in golden.jsonl.
    opset: ONNX operator set. name, version: of the bundle; the version is semantic (semver.org).
    """

    formats: tuple[str, ...] = ("safetensors", "onnx")
    tolerance: float = 1e-5
    golden: int = 64
    opset: int = 18
    name: str = "xinyi"
    version: str = "0.1.0"
    int8_margin: float = 0.005


@dataclass(frozen=True)
class Recipe:
    """How texts become answers: all that a bundle needs beside weights and tokenizer."""

    tasks: tuple[TaskSpec, ...]
    decodings: Mapping[str, Decoding]
    encoding: EncodingSettings
    masking: bool
    settings: ExportSettings
