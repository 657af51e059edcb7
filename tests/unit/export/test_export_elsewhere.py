"""What other servers take: a Triton repository, a script without this package, a signature."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from xinyi import cli
from xinyi.errors import BundleError
from xinyi.export.signing import sign
from xinyi.export.triton import MOST_ROWS, write_triton
from xinyi.runtime import verify
from xinyi.runtime.golden import read_golden
from xinyi.runtime.manifest import render, seal
from xinyi.runtime.signature import signature_problems

SERVING = Path(__file__).parents[3] / "serving"
TENSOR = re.compile(r'\{ name: "([^"]+)" data_type: (\w+) dims: \[ ([-\d, ]+) \] \}')
KINDS = {onnx.TensorProto.INT64: "TYPE_INT64", onnx.TensorProto.FLOAT: "TYPE_FP32"}


def tensors(values) -> list[tuple[str, str, list[int]]]:
    """Name, type and sizes without the batch's, as a graph has them."""
    sizes = {value.name: [d.dim_value or -1 for d in value.type.tensor_type.shape.dim][1:] for value in values}
    return [(value.name, KINDS[value.type.tensor_type.elem_type], sizes[value.name]) for value in values]


@pytest.mark.parametrize("format", ["onnx", "onnx_int8"])
def test_a_triton_repository_is_configured_as_its_graph_is(bundle: Path, tmp_path: Path, format: str) -> None:
    model = write_triton(bundle, tmp_path, format)
    text = (model / "config.pbtxt").read_text(encoding="utf-8")
    graph = onnx.load(model / "1" / "model.onnx").graph
    blocks = dict(re.findall(r"^(input|output) \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL))
    for kind, values in (("input", graph.input), ("output", graph.output)):
        found = [
            (name, what, [int(size) for size in sizes.split(",")]) for name, what, sizes in TENSOR.findall(blocks[kind])
        ]
        assert found == tensors(values)
        # The first size is the batch that Triton adds.
        assert all(value.type.tensor_type.shape.dim[0].dim_param for value in values)
    assert f'name: "{model.name}"' in text
    assert 'backend: "onnxruntime"' in text
    assert f"max_batch_size: {MOST_ROWS}" in text
    assert text.count("{") == text.count("}")
    assert text.count("[") == text.count("]")


def test_a_second_time_it_is_the_next_version(bundle: Path, tmp_path: Path) -> None:
    write_triton(bundle, tmp_path)
    model = write_triton(bundle, tmp_path)
    names = {path.relative_to(model).as_posix() for path in model.rglob("*") if path.is_file()}
    files = ("golden.jsonl", "labels.json", "manifest.json", "model.onnx", "tokenizer.json")
    assert names == {"config.pbtxt", *(f"{version}/{name}" for version in (1, 2) for name in files)}
    with pytest.raises(BundleError, match="an ONNX format of the bundle"):
        write_triton(bundle, tmp_path, "safetensors")


def standalone(bundle: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """The script in a Python that cannot see this package."""
    hidden = "import sys, runpy; sys.modules['xinyi'] = None; sys.argv = sys.argv[1:]; "
    code = hidden + "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-I", "-c", code, str(SERVING / "standalone.py"), str(bundle)]
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=120)


def test_sixty_lines_without_this_package_give_the_golden_answers(bundle: Path) -> None:
    assert len((SERVING / "standalone.py").read_text(encoding="utf-8").splitlines()) <= 60
    done = standalone(bundle)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"largest difference \d\.\de-0[678]\n", done.stdout)


def test_they_answer_messages_with_and_without_a_context(bundle: Path) -> None:
    rows = [row for row in read_golden(bundle) if row.note in ("short", "context")]
    lines = ["\t".join(filter(None, reversed(row.prepared))) for row in rows]
    done = standalone(bundle, "\n".join(lines))
    assert len(rows) == 2
    for row, line in zip(rows, done.stdout.splitlines(), strict=True):
        for task, said in json.loads(line).items():
            assert said == pytest.approx(row.tasks[task]["probabilities"], abs=1e-5)


def test_a_changed_answer_is_told(spoiled: Path) -> None:
    rows = (spoiled / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    first = json.loads(rows[0])
    first["tasks"]["intent"]["probabilities"]["refund"] += 0.1
    (spoiled / "golden.jsonl").write_text("\n".join([json.dumps(first), *rows[1:]]), encoding="utf-8")
    assert standalone(spoiled).returncode == 1


def key_pair(folder: Path, name: str) -> tuple[Path, Path]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / f"{name}.pem").write_bytes(private)
    (folder / f"{name}.pub").write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, public))
    return folder / f"{name}.pem", folder / f"{name}.pub"


def test_a_signed_manifest_is_vouched_for_by_its_key_alone(spoiled: Path, tmp_path: Path, capsys) -> None:
    pytest.importorskip("model_signing")
    private, public = key_pair(tmp_path, "ours")
    _, stranger = key_pair(tmp_path, "theirs")
    assert "expected a signature, got none" in signature_problems(spoiled, public)[0]
    sign(spoiled, private)
    assert signature_problems(spoiled, public) == []
    assert verify(spoiled) == []  # the signature is no stray file
    assert cli.main(["verify", str(spoiled), "--key", str(public)]) == 0
    assert "signed with theirs.pub" in signature_problems(spoiled, stranger)[0]
    assert cli.main(["verify", str(spoiled), "--key", str(stranger)]) == 1
    manifest = spoiled / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"name": "xinyi"', b'"name": "XINYI"'))
    assert signature_problems(spoiled, public) != []


def test_what_is_no_key_is_said_to_be_none(spoiled: Path, tmp_path: Path) -> None:
    pytest.importorskip("model_signing")
    (tmp_path / "key.pem").write_text("no key", encoding="utf-8")
    with pytest.raises(BundleError, match="elliptic curve key"):
        sign(spoiled, tmp_path / "key.pem")
    private, _ = key_pair(tmp_path, "ours")
    sign(spoiled, private)
    with pytest.raises(BundleError, match="a public key in PEM"):
        signature_problems(spoiled, tmp_path / "key.pem")


def test_without_the_library_the_extra_is_named(spoiled: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "model_signing", None)
    with pytest.raises(BundleError, match=r"pip install 'xinyi\[sign\]'"):
        sign(spoiled, tmp_path / "key.pem")


def test_a_damaged_bundle_becomes_no_triton_model(bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    (copy / "labels.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError, match=r"labels\.json"):
        write_triton(copy, tmp_path / "models")
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("name", ["../escaped", "a/b", "..", "", "a\\b", "C:x"])
def test_a_name_that_leads_elsewhere_is_no_bundles(bundle: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    raw = {**json.loads((copy / "manifest.json").read_text(encoding="utf-8")), "name": name}
    (copy / "manifest.json").write_bytes(render(seal(raw)))
    with pytest.raises(BundleError, match="every field"):
        write_triton(copy, tmp_path / "models")
