"""Open a bundle for serving."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from xinyi.encoding import EncodingSettings, TextEncoder
from xinyi.errors import BundleError, describe
from xinyi.runtime.classifier import INPUTS, OUTPUT, Classifier
from xinyi.runtime.engines import SERVABLE, Session, open_session, own_files
from xinyi.runtime.files import file_problems, refused_versions
from xinyi.runtime.manifest import AGAIN, SEAL, Manifest, read_labels, read_manifest
from xinyi.tasks.spec import TaskSpec
from xinyi.text import to_simplified


def load(folder: Path | str, threads: int | None = None, format: str = "onnx", strict: bool = True) -> Classifier:
    """Open a bundle.

    Args:
        folder: the bundle.
        threads: threads for one batch; None lets the engine use every core.
        format: `onnx` (fp32, as trained), `onnx_int8` (smaller and faster; the manifest states what it loses) or
            `openvino`.
        strict: refuse a bundle whose texts were cleaned by another version of the normaliser or masker than the
            installed one; False only warns.

    Raises:
        BundleError: missing, damaged or changed files, no such format in the bundle, a schema or normaliser this
            package does not have.
    """
    manifest = read_manifest(Path(folder))
    files = ("labels.json", "tokenizer.json", *graph_files(manifest, format))
    if problems := [*refused_versions(manifest, strict), *file_problems(manifest, files)]:
        raise BundleError(problems, f"bundle {folder} cannot be used")
    return open_classifier(manifest, threads, format)


def open_classifier(manifest: Manifest, threads: int | None = None, format: str = "onnx") -> Classifier:
    """A classifier from a bundle whose files were checked. Raises BundleError."""
    graph = graph_files(manifest, format)[0]
    classifier = assemble(manifest.folder, graph, manifest.encoding, manifest.masking, threads)
    seal = str(manifest.raw[SEAL])
    return replace(classifier, name=manifest.name, version=manifest.version, format=format, seal=seal)


def assemble(
    folder: Path, graph: str, encoding: EncodingSettings, masking: bool, threads: int | None = None
) -> Classifier:
    """A classifier from a folder with a graph, labels.json and tokenizer.json but maybe no manifest yet.

    Raises:
        BundleError: a file is missing or damaged, or the graph does not fit the labels.
    """
    tasks, decodings = read_labels(folder)
    session = open_session(folder / graph, threads)
    if problems := _graph_problems(session, tasks, graph):
        raise BundleError(problems)
    encoder = TextEncoder.from_file(folder / "tokenizer.json", encoding)
    if encoding.simplify:
        _check_simplifier()
    return Classifier(session, encoder, tasks, decodings, masking)


def _check_simplifier() -> None:
    """Whether traditional characters can be simplified here. Raises BundleError."""
    try:
        to_simplified("體")
    except ImportError as error:
        problem = describe("the package OpenCC, with which this bundle prepares texts", "none", "pip install OpenCC")
        raise BundleError([problem]) from error


def graph_files(manifest: Manifest, format: str = "onnx") -> list[str]:
    """Files of a format inside the bundle, the graph first. Raises BundleError when it is not there."""
    if format not in SERVABLE or format not in manifest.formats:
        there = [name for name in manifest.formats if name in SERVABLE]
        remedy = "choose one of them" if there else "export again with onnx among export.formats"
        raise BundleError([describe(f"the format {format}", there or "none", remedy, str(manifest.folder))])
    return own_files(manifest.formats[format].file)


def _graph_problems(session: Session, tasks: tuple[TaskSpec, ...], graph: str) -> list[str]:
    """Inputs and outputs that do not fit labels.json."""
    problems = []
    if stray := {node.name for node in session.get_inputs()} - set(INPUTS):
        problems.append(describe(f"inputs among {sorted(INPUTS)}", sorted(stray), AGAIN, graph))
    shapes = {node.name: node.shape for node in session.get_outputs()}
    for task in tasks:
        shape = shapes.get(OUTPUT + task.id)
        if not shape or shape[-1] != len(task.labels):
            expected = f"an output {OUTPUT}{task.id} with {len(task.labels)} columns"
            problems.append(describe(expected, shape or sorted(shapes), AGAIN, f"{graph} and labels.json"))
    return problems
