"""A Triton (KServe v2) model repository: the graph, and config.pbtxt read off the graph itself."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

from xinyi.errors import BundleError, describe
from xinyi.runtime.engines import open_session
from xinyi.runtime.files import file_problems
from xinyi.runtime.manifest import read_manifest

# What clients need beside the graph: Triton ignores files that it does not know.
CLIENT_FILES = ("labels.json", "tokenizer.json", "manifest.json", "golden.jsonl")
TYPES = {"tensor(int64)": "TYPE_INT64", "tensor(float)": "TYPE_FP32"}
MOST_ROWS = 64


def write_triton(bundle: Path, repository: Path, format: str = "onnx") -> Path:
    """Add the bundle to a model repository as its model's next version; returns the model's folder.

    Layout: `<name>/config.pbtxt`, `<name>/<version>/model.onnx`, and beside the graph the files that a client reads.

    Raises:
        BundleError: a damaged file, no such format, or the graph's inputs and outputs are not those of a bundle.
    """
    manifest = read_manifest(bundle)
    if format not in manifest.formats or not manifest.formats[format].file.endswith(".onnx"):
        there = [name for name, record in manifest.formats.items() if record.file.endswith(".onnx")]
        raise BundleError([describe("an ONNX format of the bundle", format, f"choose among {there}", str(bundle))])
    if problems := file_problems(manifest, [manifest.formats[format].file, *CLIENT_FILES[:2], CLIENT_FILES[3]]):
        raise BundleError(problems)
    graph = bundle / manifest.formats[format].file
    model = repository / manifest.name
    model.mkdir(parents=True, exist_ok=True)
    config = config_pbtxt(manifest.name, open_session(graph))
    taken = [int(path.name) for path in model.iterdir() if path.is_dir() and path.name.isdigit()]
    version = model / str(max(taken, default=0) + 1)
    part = model / f".{uuid4().hex[:8]}.part"
    part.mkdir()
    shutil.copyfile(graph, part / "model.onnx")
    for name in CLIENT_FILES:
        shutil.copyfile(bundle / name, part / name)
    beside = model / f".config.{uuid4().hex[:8]}"
    beside.write_text(config, encoding="utf-8")
    # Triton looks for numbered folders: the version appears whole.
    os.replace(beside, model / "config.pbtxt")
    os.replace(part, version)
    return model


def config_pbtxt(name: str, session: Any) -> str:
    """The configuration of a graph: names, types and sizes as the graph has them, rows as Triton's batch."""
    lines = [f'name: "{name}"', 'backend: "onnxruntime"', f"max_batch_size: {MOST_ROWS}"]
    for kind, nodes in (("input", session.get_inputs()), ("output", session.get_outputs())):
        lines += [f"{kind} [", ",\n".join(_tensor(node) for node in nodes), "]"]
    # Requests of like length are joined; the graph takes any length.
    lines += ["dynamic_batching { max_queue_delay_microseconds: 2000 }"]
    lines += ["instance_group [ { kind: KIND_CPU } ]", ""]
    return "\n".join(lines)


def _tensor(node: Any) -> str:
    if node.type not in TYPES:
        raise BundleError([describe(f"tensors among {', '.join(TYPES)}", node.type, "export again", node.name)])
    sizes = ", ".join(str(size) if isinstance(size, int) else "-1" for size in node.shape[1:])
    return f'  {{ name: "{node.name}" data_type: {TYPES[node.type]} dims: [ {sizes} ] }}'
