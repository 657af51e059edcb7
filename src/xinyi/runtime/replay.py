"""Send the golden rows through every format of a bundle that can run here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xinyi.encoding import Encoded, TextEncoder
from xinyi.errors import XinyiError, describe
from xinyi.runtime.engines import SERVABLE, own_files
from xinyi.runtime.golden import NAME, Answers, GoldenRow, answer_problems, encode_rows, input_problems, read_golden
from xinyi.runtime.loading import open_classifier
from xinyi.runtime.manifest import AGAIN, Manifest, read_labels

# The format's file, rows, padding id → task id → logits (N, C): how a format is asked that this room cannot open.
Scorer = Callable[[Path, Encoded, int], Mapping[str, NDArray[np.float32]]]
NO_TORCH = "it needs torch (pip install 'xinyi[train]')"
NO_TRUST = "loading it can run code: give --key of its signer, or --trust-programs"
NO_OPENVINO = "it needs openvino (pip install 'xinyi[openvino]')"


@dataclass
class Proof:
    """What was found.

    problems: what is wrong; none when all is as it was exported.
    replayed: format → largest difference of a probability from the trained model's on the golden rows.
    unproved: format → why its golden rows were not replayed; its files were compared with the manifest all the same.
    """

    problems: list[str] = field(default_factory=list)
    replayed: dict[str, float] = field(default_factory=dict)
    unproved: dict[str, str] = field(default_factory=dict)


def replay(
    manifest: Manifest, damaged: Sequence[str], scorers: Callable[[], Mapping[str, Scorer]], proof: Proof
) -> None:
    """Put what every format answers into the proof. damaged: problems of files, which are not opened."""
    rows = read_golden(manifest.folder)
    if len(rows) != manifest.golden_rows or not rows:
        proof.problems.append(describe(f"{max(1, manifest.golden_rows)} rows", len(rows), AGAIN, NAME))
    if not any(name in SERVABLE for name in manifest.formats):
        remedy = "export again with onnx among export.formats"
        proof.problems.append(describe("an ONNX graph", list(manifest.formats), remedy, str(manifest.folder)))
    if not rows:
        return
    encoder = TextEncoder.from_file(manifest.folder / "tokenizer.json", manifest.encoding)
    proof.problems += input_problems(encoder, rows, manifest.masking)
    encoded = encode_rows(encoder, rows, manifest.masking)
    for name, record in manifest.formats.items():
        # A damaged graph may bring down the process that opens it.
        if record.file not in manifest.files:
            proof.problems.append(describe("an entry in the manifest", "none", AGAIN, record.file))
        elif any(problem.startswith(f"{path}:") for problem in damaged for path in own_files(record.file)):
            proof.unproved[name] = "its file is missing or changed"
        elif name in SERVABLE:
            _try(manifest, name, rows, lambda name=name: _served(manifest, name, rows), proof)
        elif score := scorers().get(name):
            asked = (manifest.folder / record.file, encoded, encoder.pad_id)
            _try(manifest, name, rows, lambda score=score, asked=asked: score(*asked), proof)
        else:
            proof.unproved[name] = NO_TRUST if scorers() else NO_TORCH


def _served(manifest: Manifest, name: str, rows: list[GoldenRow]) -> Mapping[str, NDArray]:
    """The whole path from raw text, as a caller goes it."""
    classifier = open_classifier(manifest, format=name)
    return classifier.logits([row.text for row in rows], [row.context for row in rows])


def _try(
    manifest: Manifest, name: str, rows: list[GoldenRow], ask: Callable[[], Mapping[str, NDArray]], proof: Proof
) -> None:
    try:
        answers = Answers(name, ask(), manifest.formats[name].tolerance)
    except XinyiError as error:
        if "the package openvino" in str(error):
            proof.unproved[name] = NO_OPENVINO
        else:
            proof.problems += getattr(error, "problems", [str(error)])
        return
    # By labels.json, which is what serves.
    tasks, decodings = read_labels(manifest.folder)
    problems, proof.replayed[name] = answer_problems(tasks, decodings, rows, answers)
    proof.problems += problems
