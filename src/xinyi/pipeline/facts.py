"""Facts about a run that belong in its report: versions, commit, hardware."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

PACKAGES = (
    "torch", "pytorch-lightning", "transformers", "tokenizers", "numpy", "onnx", "onnxruntime", "mlflow", "hydra-core",
)  # fmt: skip


def now() -> str:
    """The time in UTC, to the second, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def git_commit(folder: Path | None = None) -> str | None:
    """The commit checked out in the working folder, with `-dirty` when files differ from it; None outside git."""
    options = {"capture_output": True, "text": True, "timeout": 10, "cwd": folder}
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], check=True, **options).stdout.strip()
        changed = subprocess.run(["git", "status", "--porcelain", "-uno"], check=True, **options).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{head}-dirty" if changed else head


def versions() -> dict[str, str]:
    """Python's and the packages' versions."""
    found = {"python": platform.python_version()}
    for name in ("xinyi", *PACKAGES):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def device_name(on_gpu: bool) -> str:
    """The GPU's or CPU's name, with the number of cores that torch uses."""
    if on_gpu:
        return torch.cuda.get_device_name()
    return f"{_cpu_model()}, {torch.get_num_threads()} threads"


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def run_facts(name: str, seed: int, **more: Any) -> dict[str, Any]:
    """The `run` section of a report."""
    return {"name": name, "seed": seed, "created": now(), "git_commit": git_commit(), "versions": versions(), **more}
