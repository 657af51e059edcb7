"""Who may import whom: the rooms stay apart, and what serves stays light.

Read off the source with ast, so that an import inside a function counts as well, and tried in a fresh Python.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import xinyi

PACKAGE = Path(xinyi.__file__).parent
TRAINS = {"torch", "pytorch_lightning", "lightning_fabric", "transformers", "torchmetrics"}
SERVES = {"numpy", "onnxruntime", "tokenizers"}
# Imported only by those who ask for the engine or the file format, and never when the runtime is imported.
ON_REQUEST = {"openvino", "pyarrow", "openpyxl", "model_signing"}


def imports(path: Path) -> set[str]:
    """Full names of all modules a file imports, wherever in it; what only type checkers read does not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return set(_names(tree))


def _names(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert not child.level, "relative imports hide the room"
            yield child.module
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        yield from _names(child)


def rooms(*names: str) -> list[Path]:
    """The files of rooms (folders) or modules (files without .py)."""
    found = [p for name in names for p in ([PACKAGE / f"{name}.py"] if "/" in name or _is_file(name) else _files(name))]
    assert found
    return found


def _is_file(name: str) -> bool:
    return (PACKAGE / f"{name}.py").is_file()


def _files(name: str) -> list[Path]:
    return sorted((PACKAGE / name).rglob("*.py"))


def outside(paths: list[Path]) -> set[str]:
    """Top-level packages that these files import, the standard library and xinyi apart."""
    tops = {name.split(".")[0] for path in paths for name in imports(path)}
    return tops - set(sys.stdlib_module_names) - {"xinyi"}


def inside(paths: list[Path]) -> set[str]:
    """Rooms and modules of xinyi that these files import, by their first two names."""
    names = {name for path in paths for name in imports(path) if name.startswith("xinyi.")}
    return {".".join(name.split(".")[:2]) for name in names}


def test_the_reader_finds_what_is_hidden(tmp_path):
    source = "import a.b\nfrom c import d\nif TYPE_CHECKING:\n    import e\ndef f():\n    from g.h import i\n"
    (tmp_path / "x.py").write_text(source, encoding="utf-8")
    assert imports(tmp_path / "x.py") == {"a.b", "c", "c.d", "g.h", "g.h.i"}


def test_every_room_is_known():
    """A new room has to be thought about here."""
    found = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert found - {"__pycache__", "conf", "sample"} == {
        "__init__", "cli", "commands", "config", "data", "encoding", "errors", "evaluation", "export", "gates",
        "models", "pipeline", "pretraining", "runtime", "tasks", "text", "tracking", "training",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("room", "allowed"),
    [
        ("text", {"opencc"}),
        ("errors", set()),
        ("encoding", {"numpy", "tokenizers"}),
        ("tasks/spec", {"numpy", "tokenizers"}),
        ("tasks/decode", {"numpy", "tokenizers"}),
        ("runtime", SERVES | ON_REQUEST),
        ("gates", {"numpy"}),
        ("cli", set()),
    ],
)
def test_what_a_room_may_use_from_outside(room, allowed):
    assert outside(rooms(room)) <= allowed


@pytest.mark.parametrize("room", ["evaluation", "gates", "data", "config", "commands"])
def test_rooms_without_torch(room):
    assert not outside(rooms(room)) & TRAINS


def test_only_tracking_imports_mlflow():
    users = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py") if "mlflow" in outside([path])}
    assert users == {"tracking"}


def test_only_config_and_its_callers_import_hydra():
    users = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py") if "hydra" in outside([path])}
    assert users <= {"config", "commands", "pipeline"}


@pytest.mark.parametrize(
    ("room", "neighbours"),
    [
        ("text", {"text", "errors"}),
        ("encoding", {"errors"}),
        ("tasks", {"tasks", "errors"}),
        ("data", {"data", "encoding", "errors", "tasks", "text"}),
        ("models", {"models", "errors", "tasks", "encoding", "text"}),
        ("training", {"training", "models", "data", "tasks", "encoding", "errors"}),
        ("evaluation", {"evaluation", "tasks", "text", "errors"}),
        ("gates", {"gates", "evaluation", "tasks", "errors"}),
        ("runtime", {"runtime", "text", "encoding", "tasks", "errors"}),
    ],
)
def test_rooms_that_a_room_may_enter(room, neighbours):
    """Nobody looks back: only the pipeline, the commands and the configuration know all rooms."""
    assert {name.removeprefix("xinyi.") for name in inside(rooms(room))} <= neighbours | {"__version__"}


def test_no_room_but_the_outer_ones_knows_the_configuration():
    outer = {"config", "commands", "pipeline", "cli.py"}
    users = {
        path.relative_to(PACKAGE).parts[0]
        for path in PACKAGE.rglob("*.py")
        if inside([path]) & {"xinyi.config", "xinyi.pipeline", "xinyi.commands"}
    }
    assert users <= outer


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import xinyi.gates", TRAINS | {"mlflow", "hydra", "onnxruntime"}),
        (
            "import xinyi.runtime, xinyi.text, xinyi.encoding, xinyi.tasks.decode",
            TRAINS | {"mlflow", "hydra", "pyarrow"},
        ),
        ("import xinyi.evaluation.report, xinyi.evaluation.decoding", TRAINS | {"mlflow", "hydra"}),
        ("import xinyi.text", {"numpy", *TRAINS, *SERVES}),
        ("import xinyi.tracking", TRAINS | {"mlflow"}),
        ("import xinyi.config.compose, xinyi.config.sweep", TRAINS | {"mlflow"}),
        ("import xinyi.cli", {"numpy", "hydra", "mlflow", *TRAINS, *SERVES}),
    ],
)
def test_what_an_import_does_not_load(statement, absent):
    code = f"{statement}\nimport sys\nprint(*sys.modules.keys() & {absent!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == []
