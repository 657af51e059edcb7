"""Open a bundle for serving."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnxruntime

from xinyi.encoding import EncodingSettings, TextEncoder
from xinyi.errors import BundleError, describe
from xinyi.runtime.classifier import OUTPUT, Classifier
from xinyi.runtime.files import file_problems, version_problems
from xinyi.runtime.manifest import AGAIN, Manifest, read_labels, read_manifest
from xinyi.tasks.spec import TaskSpec

INPUTS = {"input_ids", "attention_mask", "token_type_ids"}


def load(folder: Path | str, threads: int | None = None) -> Classifier:
    """Open a bundle.

    Args:
        folder: the bundle.
        threads: threads for one batch; None lets onnxruntime use every core.

    Raises:
        BundleError: missing, damaged or changed files, a schema or normaliser this package does not have.
    """
    manifest = read_manifest(Path(folder))
    graph = graph_file(manifest)
    problems = version_problems(manifest) + file_problems(manifest, ("labels.json", "tokenizer.json", graph))
    if problems:
        raise BundleError(problems, f"bundle {folder} cannot be used")
    return open_classifier(manifest, threads)


def open_classifier(manifest: Manifest, threads: int | None = None) -> Classifier:
    """A classifier from a bundle whose files were checked. Raises BundleError."""
    classifier = assemble(manifest.folder, graph_file(manifest), manifest.encoding, manifest.masking, threads)
    return replace(classifier, name=manifest.name, version=manifest.version)


def assemble(
    folder: Path, graph: str, encoding: EncodingSettings, masking: bool, threads: int | None = None
) -> Classifier:
    """A classifier from a folder with a graph, labels.json and tokenizer.json but maybe no manifest yet.

    Raises:
        BundleError: a file is missing or damaged, or the graph does not fit the labels.
    """
    tasks, decodings = read_labels(folder)
    session = _session(folder / graph, threads)
    if problems := _graph_problems(session, tasks, graph):
        raise BundleError(problems)
    encoder = TextEncoder.from_file(folder / "tokenizer.json", encoding)
    return Classifier(session, encoder, tasks, decodings, masking)


def graph_file(manifest: Manifest) -> str:
    """Path of the ONNX graph inside the bundle. Raises BundleError when there is none."""
    if "onnx" not in manifest.formats:
        remedy = "export again with onnx among export.formats"
        raise BundleError([describe("an ONNX graph", list(manifest.formats), remedy, str(manifest.folder))])
    return manifest.formats["onnx"]


def _session(path: Path, threads: int | None) -> onnxruntime.InferenceSession:
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
        found = " ".join(str(error).split())[:200]
        raise BundleError([describe("an ONNX graph", found, AGAIN, path.name)]) from error


def _graph_problems(session: onnxruntime.InferenceSession, tasks: tuple[TaskSpec, ...], graph: str) -> list[str]:
    """Inputs and outputs that do not fit labels.json."""
    problems = []
    if stray := {node.name for node in session.get_inputs()} - INPUTS:
        problems.append(describe(f"inputs among {sorted(INPUTS)}", sorted(stray), AGAIN, graph))
    shapes = {node.name: node.shape for node in session.get_outputs()}
    for task in tasks:
        shape = shapes.get(OUTPUT + task.id)
        if not shape or shape[-1] != len(task.labels):
            expected = f"an output {OUTPUT}{task.id} with {len(task.labels)} columns"
            problems.append(describe(expected, shape or sorted(shapes), AGAIN, f"{graph} and labels.json"))
    return problems
