"""The other exact formats: a torch.export program, and OpenVINO where it is installed."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_bundle import DECODINGS, ENCODING, TASKS, export_tiny, tiny_model

from xinyi.errors import BundleError
from xinyi.export.formats import torch_scorers
from xinyi.export.program import FILE, score_program
from xinyi.export.settings import ExportSettings
from xinyi.runtime import load, replay
from xinyi.runtime.manifest import read_manifest
from xinyi.runtime.verify import prove

KINDS = [("bert", "mean"), ("modern", "cls"), ("modern", "attention"), ("modern", "mean_max", 0, True)]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: "-".join(kind[:2]))
def with_program(request, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("program") / "bundle"
    settings = ExportSettings(formats=("onnx", "pt2"))
    export_tiny(folder, tiny_model(*request.param), settings=settings)
    return folder


def test_the_program_proves_itself(with_program: Path) -> None:
    proof = prove(with_program, torch_scorers)
    assert proof.problems == []
    assert set(proof.replayed) == {"onnx", "pt2"}
    assert proof.replayed["pt2"] <= 1e-5


def test_it_runs_with_torch_alone_at_any_shape(with_program: Path) -> None:
    program = torch.export.load(with_program / FILE).module()
    for rows, length in ((1, 1), (3, 9)):
        ids = torch.randint(5, 50, (rows, length))
        logits = program(ids, torch.ones_like(ids), torch.zeros_like(ids))
        assert [tuple(part.shape) for part in logits] == [(rows, len(task.labels)) for task in TASKS]


def test_it_holds_no_pickle_and_no_path_of_this_machine(with_program: Path) -> None:
    with zipfile.ZipFile(with_program / FILE) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert not zipfile.is_zipfile(archive.open(name)), name  # torch.save writes a zip with a pickle inside
            assert not content.startswith(b"\x80"), name
            assert str(Path(__file__).parents[3]).encode() not in content
            assert str(Path(torch.__file__).parent).encode() not in content


def test_without_torch_its_rows_are_said_not_to_be_replayed(with_program: Path) -> None:
    proof = prove(with_program)
    assert proof.problems == []
    assert proof.unproved == {"pt2": replay.NO_TORCH}


def test_a_damaged_program_is_named(with_program: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(with_program, tmp_path / "bundle"))
    (folder / FILE).write_bytes(b"PK no archive")
    proof = prove(folder, torch_scorers)
    assert any(problem.startswith(f"{FILE}: expected") for problem in proof.problems)
    assert "pt2" in proof.unproved
    from xinyi.encoding import TextEncoder

    rows = TextEncoder.from_file(folder / "tokenizer.json", ENCODING).encode(["好"])
    with pytest.raises(BundleError, match=r"torch\.export program"):
        score_program(folder, rows, 0)


def test_openvino_answers_as_the_trained_model(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    folder = tmp_path / "bundle"
    export_tiny(folder, tiny_model(), settings=ExportSettings(formats=("onnx", "openvino")))
    assert {"model.xml", "model.bin"} <= set(read_manifest(folder).files)
    proof = prove(folder)
    assert proof.problems == []
    assert proof.replayed["openvino"] <= 1e-5
    served = load(folder, threads=1, format="openvino").logits(["物流太慢了", "好"])
    plain = load(folder, threads=1).logits(["物流太慢了", "好"])
    for task in DECODINGS:
        np.testing.assert_allclose(served[task], plain[task], atol=1e-5)
    (folder / "model.bin").write_bytes(b"\0" * (folder / "model.bin").stat().st_size)
    assert "openvino" in prove(folder).unproved
    with pytest.raises(BundleError, match=r"model\.bin"):
        load(folder, format="openvino")
