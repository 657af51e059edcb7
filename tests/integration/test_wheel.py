"""The plain wheel in a new virtual environment: base dependencies only, a bundle proved and asked."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from tiny_bundle import shared_bundle

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "transformers", "pytorch_lightning", "mlflow", "pandas", "pyarrow", "hydra", "sklearn")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the wheel and what the wheel asks for."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    own = folder / "venv" / "bin" / "python"
    done = subprocess.run([own, "-m", "pip", "install", "-q", str(wheel)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return own


def run(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([python, "-I", *arguments], capture_output=True, text=True, cwd=python.parent)
    assert done.returncode == 0, done.stderr
    return done


def test_only_the_base_is_installed(python: Path) -> None:
    names = {line["name"].lower() for line in json.loads(run(python, "-m", "pip", "list", "--format", "json").stdout)}
    assert {"xinyi", "numpy", "onnxruntime", "tokenizers"} <= names
    assert not names & {name.replace("_", "-") for name in (*HEAVY, "scikit-learn")}


def test_a_bundle_is_proved_and_answers(python: Path, tmp_path: Path) -> None:
    bundle = shared_bundle()
    lines = run(python, "-m", "xinyi.cli", "verify", str(bundle)).stdout.splitlines()
    assert lines[-1] == f"{bundle}: as exported"
    assert any(line.startswith("onnx ") and "replayed" in line for line in lines)
    assert any(line.startswith("safetensors") and "not replayed: it needs torch" in line for line in lines)
    (tmp_path / "in.csv").write_text("text\n物流太慢了\n", encoding="utf-8")
    arguments = ["--input", str(tmp_path / "in.csv"), "--output", str(tmp_path / "out.jsonl")]
    run(python, "-m", "xinyi.cli", "predict", str(bundle), *arguments)
    row = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert row["intent"] in ("refund", "logistics", "praise")


def test_importing_the_runtime_imports_nothing_heavy_and_loads_in_two_seconds(python: Path) -> None:
    code = (
        "import sys, time; begun = time.perf_counter(); from xinyi.runtime import load; "
        f"load({str(shared_bundle())!r}); seconds = time.perf_counter() - begun; "
        f"print(sorted(set(sys.modules) & set({HEAVY!r})), seconds)"
    )
    found, _, seconds = run(python, "-c", code).stdout.strip().rpartition(" ")
    assert found == "[]"
    # CPU time that others take counts too: a bound that only a wrong import breaks.
    assert float(seconds) < 20
