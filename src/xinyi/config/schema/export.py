"""Group `export`: what the bundle holds and how it is proved."""

from __future__ import annotations

from dataclasses import dataclass

from xinyi.config.schema.fields import setting


@dataclass
class ExportConfig:
    """Formats, their parity with the trained model, and the golden rows."""

    enabled: bool = setting(True, "write a bundle at the end of the run")
    formats: list[str] = setting(["safetensors", "onnx", "onnx_int8"], "formats in the bundle; also pt2, openvino")
    tolerance: float = setting(1e-5, "largest difference of a probability between fp32 formats", least=0.0)
    int8_margin: float = setting(
        0.005, "the most of its primary metric that a task may lose by int8 on the validation set", least=0.0, most=1.0
    )
    golden: int = setting(64, "rows of golden.jsonl", least=1)
    opset: int = setting(18, "ONNX operator set", least=17, most=23)
    name: str = setting("xinyi", "name of the bundle and of the registered model")
    version: str = setting("0.1.0", "semantic version of the bundle")
