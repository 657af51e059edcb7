from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from tiny_bundle import TASKS

from xinyi import cli
from xinyi.errors import BundleError
from xinyi.runtime import verify
from xinyi.runtime.manifest import read_manifest, render, seal, sha256

FILES = (
    "MODEL_CARD.md", "config.json", "golden.jsonl", "labels.json", "manifest.json", "model.int8.onnx", "model.onnx",
    "model.safetensors",
    "report/report.html", "report/report.json", "tokenizer.json", "tokenizer_config.json",
)  # fmt: skip


def edit(path: Path, change: Callable[[Any], None]) -> None:
    raw = json.loads(path.read_text(encoding="utf-8"))
    change(raw)
    path.write_text(json.dumps(raw, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def reseal(folder: Path, **changes: Any) -> None:
    """Make every checksum right again, as a careful forger would."""
    raw = json.loads((folder / "manifest.json").read_text(encoding="utf-8")) | changes
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    raw["files"] = {p.relative_to(folder).as_posix(): {"sha256": sha256(p), "bytes": p.stat().st_size} for p in files}
    (folder / "manifest.json").write_bytes(render(seal(raw)))


def labels(folder: Path) -> list[dict[str, Any]]:
    return json.loads((folder / "labels.json").read_text(encoding="utf-8"))["tasks"]


def test_a_good_bundle_has_no_problems(bundle: Path) -> None:
    assert verify(bundle) == []
    found = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert found == set(FILES)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0.0, 0.37, 0.99])
def test_a_flipped_bit_in_any_file_is_named(spoiled: Path, name: str, place: float) -> None:
    content = bytearray((spoiled / name).read_bytes())
    content[int(place * len(content))] ^= 1
    (spoiled / name).write_bytes(content)
    problems = verify(spoiled)
    assert problems
    assert any(name in problem for problem in problems)


def test_every_bit_of_the_manifest_counts(spoiled: Path) -> None:
    good = (spoiled / "manifest.json").read_bytes()
    for place in range(0, len(good), 97):
        content = bytearray(good)
        content[place] ^= 0x20
        (spoiled / "manifest.json").write_bytes(content)
        assert any("manifest.json" in problem for problem in verify(spoiled)), place


@pytest.mark.parametrize("name", [name for name in FILES if name != "manifest.json"])
def test_a_missing_file_is_named(spoiled: Path, name: str) -> None:
    (spoiled / name).unlink()
    assert any(problem.startswith(f"{name}: expected a file") for problem in verify(spoiled))


def test_an_extra_file_is_named(spoiled: Path) -> None:
    (spoiled / "report" / "model.pkl").write_bytes(b"x")
    assert any("report/model.pkl" in problem for problem in verify(spoiled))


def test_swapped_labels_are_found_by_the_golden_rows_alone(spoiled: Path) -> None:
    edit(spoiled / "labels.json", lambda raw: raw["tasks"][0]["labels"].reverse())
    edit(spoiled / "config.json", lambda raw: raw["xinyi"]["tasks"]["sentiment"].reverse())
    reseal(spoiled, tasks=labels(spoiled))
    problems = verify(spoiled)
    assert problems
    assert all(problem.startswith("golden.jsonl task sentiment in onnx") for problem in problems)


def test_swapped_labels_are_found_against_the_manifest_too(spoiled: Path) -> None:
    edit(spoiled / "labels.json", lambda raw: raw["tasks"][2]["labels"].reverse())
    reseal(spoiled)
    problems = verify(spoiled)
    assert any("labels.json task intent against the manifest" in problem for problem in problems)
    assert any("golden.jsonl task intent" in problem for problem in problems)


def test_swapped_chinese_names_are_found(spoiled: Path) -> None:
    def swap(raw: dict[str, Any]) -> None:
        first, last = raw["tasks"][0]["labels"][0], raw["tasks"][0]["labels"][2]
        first["zh"], last["zh"] = last["zh"], first["zh"]

    edit(spoiled / "labels.json", swap)
    reseal(spoiled, tasks=labels(spoiled))
    assert any(
        "task sentiment in onnx: expected the trained model's decisions" in problem for problem in verify(spoiled)
    )


def test_a_renamed_label_is_found(spoiled: Path) -> None:
    edit(spoiled / "labels.json", lambda raw: raw["tasks"][2]["labels"][0].update(id="other"))
    edit(spoiled / "config.json", lambda raw: raw["xinyi"]["tasks"]["intent"].__setitem__(0, "other"))
    reseal(spoiled, tasks=labels(spoiled))
    assert any("golden.jsonl" in problem and "intent" in problem for problem in verify(spoiled))


@pytest.mark.parametrize("forged", [False, True])
def test_a_changed_threshold_is_found(spoiled: Path, forged: bool) -> None:
    edit(spoiled / "labels.json", lambda raw: raw["tasks"][1]["decoding"].update(thresholds=[0.02, 0.5, 0.55]))
    reseal(spoiled, **({"tasks": labels(spoiled)} if forged else {}))
    problems = verify(spoiled)
    assert any("task emotion in onnx: expected the trained model's decisions" in problem for problem in problems)
    assert forged or any("labels.json task emotion" in problem and "0.02" in problem for problem in problems)


def test_a_changed_temperature_is_found(spoiled: Path) -> None:
    edit(spoiled / "labels.json", lambda raw: raw["tasks"][0]["decoding"].update(temperature=1.6))
    reseal(spoiled, tasks=labels(spoiled))
    assert any("task sentiment" in problem for problem in verify(spoiled))


def test_another_tokenizer_is_found(spoiled: Path) -> None:
    def swap(raw: dict[str, Any]) -> None:
        vocab = raw["model"]["vocab"]
        vocab["快"], vocab["差"] = vocab["差"], vocab["快"]

    edit(spoiled / "tokenizer.json", swap)
    reseal(spoiled)
    assert any(problem.startswith("tokenizer.json against golden.jsonl") for problem in verify(spoiled))


def test_a_tokenizer_with_ids_that_the_graph_lacks_is_found(spoiled: Path) -> None:
    edit(spoiled / "tokenizer.json", lambda raw: raw["model"]["vocab"].update(快=99_999))
    reseal(spoiled)
    problems = verify(spoiled)
    assert any("takes the tokenizer's ids" in problem for problem in problems)


def test_other_weights_are_found(spoiled: Path) -> None:
    graph = onnx.load(spoiled / "model.onnx")
    (head,) = [tensor for tensor in graph.graph.initializer if tensor.name.endswith("heads.intent.weight")]
    moved = onnx.numpy_helper.to_array(head) * np.float32(1.001)
    head.CopyFrom(onnx.numpy_helper.from_array(moved, head.name))
    onnx.save(graph, spoiled / "model.onnx")
    reseal(spoiled)
    assert any("golden.jsonl task intent in onnx: expected probabilities" in problem for problem in verify(spoiled))


def test_a_shorter_maximum_length_is_found(spoiled: Path) -> None:
    reseal(spoiled, encoding={"max_length": 40, "truncation": "head_tail", "context_share": 0.5})
    assert any("golden.jsonl" in problem for problem in verify(spoiled))


def test_dropped_golden_rows_are_found(spoiled: Path) -> None:
    lines = (spoiled / "golden.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (spoiled / "golden.jsonl").write_text("".join(lines[:10]), encoding="utf-8")
    reseal(spoiled)
    assert any("expected 64 rows, got 10" in problem for problem in verify(spoiled))


@pytest.mark.parametrize("field", ["normaliser", "masker"])
def test_another_text_room_is_found(spoiled: Path, field: str) -> None:
    reseal(spoiled, **{field: "0"})
    assert any(f"{field} version 0" in problem for problem in verify(spoiled))


def test_another_text_room_can_be_taken_on_but_not_what_it_changes(
    spoiled: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    reseal(spoiled, masker="0")
    assert cli.main(["verify", str(spoiled)]) == 1
    assert "masker version 0" in capsys.readouterr().err
    assert cli.main(["verify", str(spoiled), "--any-version"]) == 0
    assert "masker version 0" in caplog.text
    lines = (spoiled / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    row = json.loads(lines[0])
    row["prepared"] = ["as the other masker left it", ""]
    text = "\n".join([json.dumps(row, ensure_ascii=False), *lines[1:]]) + "\n"
    (spoiled / "golden.jsonl").write_text(text, encoding="utf-8")
    reseal(spoiled)
    assert cli.main(["verify", str(spoiled), "--any-version"]) == 1
    assert "expected the cleaned texts of the export, got others in 1 of" in capsys.readouterr().err


def test_a_graph_that_is_none_is_a_problem_not_a_crash(spoiled: Path) -> None:
    (spoiled / "model.onnx").write_bytes(b"no graph")
    reseal(spoiled)
    assert any("model.onnx: expected an ONNX graph" in problem for problem in verify(spoiled))


def test_no_bundle_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"manifest\.json"):
        verify(tmp_path)


def test_another_schema_version_is_refused(spoiled: Path) -> None:
    reseal(spoiled, schema_version=3)
    with pytest.raises(BundleError, match="expected schema_version 1 to 2, got 3"):
        read_manifest(spoiled)


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "a/../../b", "C:/x", "..\\x", ""])
def test_paths_cannot_leave_the_bundle(spoiled: Path, path: str) -> None:
    raw = json.loads((spoiled / "manifest.json").read_text(encoding="utf-8"))
    raw["files"][path] = {"sha256": "0" * 64, "bytes": 1}
    (spoiled / "manifest.json").write_bytes(render(seal(raw)))
    with pytest.raises(BundleError, match="paths inside the bundle"):
        read_manifest(spoiled)


def test_a_link_out_of_the_bundle_is_refused(spoiled: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes((spoiled / "labels.json").read_bytes())
    (spoiled / "labels.json").unlink()
    (spoiled / "labels.json").symlink_to(tmp_path / "outside")
    assert any("paths inside the bundle" in problem for problem in verify(spoiled))


@pytest.mark.parametrize(
    "spoil", [{"tasks": []}, {"files": None}, {"encoding": {}, "golden_rows": "x"}, {"formats": 3}]
)
def test_a_broken_manifest_is_a_clear_error(spoiled: Path, spoil: dict[str, Any]) -> None:
    reseal_only = json.loads((spoiled / "manifest.json").read_text(encoding="utf-8")) | spoil
    (spoiled / "manifest.json").write_bytes(render(seal(reseal_only)))
    with pytest.raises(BundleError, match="every field of schema 2"):
        read_manifest(spoiled)


def test_the_tasks_of_the_bundle_are_those_of_the_training(bundle: Path) -> None:
    assert read_manifest(bundle).tasks == TASKS
