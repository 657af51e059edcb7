from __future__ import annotations

import subprocess
import sys

FORBIDDEN = (
    "torch",
    "transformers",
    "pytorch_lightning",
    "mlflow",
    "hydra",
    "omegaconf",
    "pandas",
    "pyarrow",
    "onnx",
    "openvino",
    "openpyxl",
    "scipy",
    "sklearn",
)


def test_runtime_imports_nothing_of_the_training_side() -> None:
    code = f"import sys, xinyi.runtime; print(sorted(set(sys.modules) & set({FORBIDDEN!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
