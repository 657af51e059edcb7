"""The other exact formats: a torch.export program, and OpenVINO where it is installed."""

from __future__ import annotations

import pickle
import shutil
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_bundle import DECODINGS, ENCODING, TASKS, export_tiny, tiny_model
from torch.export.pt2_archive._package import PT2ArchiveReader, PT2ArchiveWriter

from xinyi.commands.verify import main as verify
from xinyi.encoding import TextEncoder
from xinyi.errors import BundleError
from xinyi.export.formats import torch_scorers
from xinyi.export.program import FILE, score_program
from xinyi.export.settings import ExportSettings
from xinyi.runtime import load, replay
from xinyi.runtime.manifest import read_manifest
from xinyi.runtime.verify import prove

KINDS = [("bert", "mean"), ("modern", "cls"), ("modern", "attention"), ("modern", "mean_max", 0, True)]


TRUSTED = partial(torch_scorers, programs=True)


class _Touches:
    """Unpickled, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: "-".join(kind[:2]))
def with_program(request, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("program") / "bundle"
    settings = ExportSettings(formats=("onnx", "pt2"))
    export_tiny(folder, tiny_model(*request.param), settings=settings)
    return folder


def test_the_program_proves_itself(with_program: Path) -> None:
    proof = prove(with_program, TRUSTED)
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
    proof = prove(folder, TRUSTED)
    assert any(problem.startswith(f"{FILE}: expected") for problem in proof.problems)
    assert "pt2" in proof.unproved
    rows = TextEncoder.from_file(folder / "tokenizer.json", ENCODING).encode(["好"])
    with pytest.raises(BundleError, match=r"torch\.export program"):
        score_program(folder / FILE, rows, 0)


@pytest.mark.parametrize(
    "entry", ["data/sample_inputs/model.pt", "data/weights/model.pt", "data/constants/opaque_obj_0"]
)
def test_pickles_in_a_program_are_not_opened(with_program: Path, tmp_path: Path, entry: str) -> None:
    run = tmp_path / "run"
    payload = pickle.dumps(_Touches(run))
    doctored = tmp_path / FILE
    reader = PT2ArchiveReader(str(with_program / FILE))
    with PT2ArchiveWriter(str(doctored)) as writer:
        for name in {*reader.get_file_names(), entry}:
            if not name.startswith(("archive_format", "archive_version", "byteorder", ".data/")):
                writer.write_bytes(name, payload if name == entry else reader.read_bytes(name))
    with pytest.raises(BundleError, match="without pickles"):
        score_program(doctored, TextEncoder.from_file(with_program / "tokenizer.json", ENCODING).encode(["好"]), 0)
    assert not run.exists()


def test_tensors_that_are_pickles_are_not_opened(with_program: Path, tmp_path: Path) -> None:
    doctored = tmp_path / FILE
    reader = PT2ArchiveReader(str(with_program / FILE))
    with PT2ArchiveWriter(str(doctored)) as writer:
        for name in reader.get_file_names():
            content = reader.read_bytes(name)
            if name == "data/weights/model_weights_config.json":
                content = content.replace(b'"use_pickle": false', b'"use_pickle": true', 1)
            if not name.startswith(("archive_format", "archive_version", "byteorder", ".data/")):
                writer.write_bytes(name, content)
    with pytest.raises(BundleError, match="without pickles"):
        score_program(doctored, TextEncoder.from_file(with_program / "tokenizer.json", ENCODING).encode(["好"]), 0)


def test_programs_are_run_only_for_who_trusts_them(with_program: Path, capsys: pytest.CaptureFixture) -> None:
    assert verify([str(with_program)]) == 0
    assert f"pt2          golden rows not replayed: {replay.NO_TRUST}" in capsys.readouterr().out
    assert verify([str(with_program), "--trust-programs"]) == 0
    assert "pt2          golden rows replayed" in capsys.readouterr().out


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
