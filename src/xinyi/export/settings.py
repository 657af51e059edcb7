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

    formats: of `safetensors`, `onnx`. tolerance: largest difference of a probability from the trained model's.
    golden: least number of rows in golden.jsonl. opset: ONNX operator set.
    name, version: of the bundle; the version is semantic (semver.org).
    """

    formats: tuple[str, ...] = ("safetensors", "onnx")
    tolerance: float = 1e-5
    golden: int = 64
    opset: int = 18
    name: str = "xinyi"
    version: str = "0.1.0"


@dataclass(frozen=True)
class Recipe:
    """How texts become answers: all that a bundle needs beside weights and tokenizer."""

    tasks: tuple[TaskSpec, ...]
    decodings: Mapping[str, Decoding]
    encoding: EncodingSettings
    masking: bool
    settings: ExportSettings
