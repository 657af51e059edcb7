"""Only a passing verdict on this very report and bundle promotes, and only one against the present champion."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_bundle import shared_bundle

from xinyi.errors import BundleError
from xinyi.pipeline.folder import RunFolder
from xinyi.pipeline.judging import find_champion
from xinyi.pipeline.promote import comparison_problems, promote_run, target_of, verdict_problems
from xinyi.runtime.manifest import SEAL, read_manifest, render, seal

REPORT = {name: {} for name in ("run", "data", "primary", "task_specs", "tasks", "decoding")} | {"schema_version": 1}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_run(root: Path, name: str = "one") -> RunFolder:
    """A run folder with a report, a bundle that holds it, and a passing verdict on both."""
    folder = RunFolder(root)
    shutil.copytree(shared_bundle(), folder.bundle)
    for place in (folder.report, folder.bundle / "report"):
        place.mkdir(parents=True, exist_ok=True)
        (place / "report.json").write_text(json.dumps({**REPORT, "run": {"name": name}}), encoding="utf-8")
    file, manifest = folder.bundle / "report" / "report.json", folder.bundle / "manifest.json"
    raw = json.loads(manifest.read_text(encoding="utf-8"))
    raw["files"]["report/report.json"] = {"sha256": digest(file), "bytes": file.stat().st_size}
    manifest.write_bytes(render(seal(raw)))
    folder.gate.write_text(json.dumps(passing(folder)), encoding="utf-8")
    return folder


def passing(folder: RunFolder) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "verdict": "pass",
        "exit_code": 0,
        "report_sha256": digest(folder.report / "report.json"),
        "manifest_sha256": read_manifest(folder.bundle).raw[SEAL],
        "champion_manifest_sha256": "c" * 64,
        "outcomes": [{"rule": "rows", "answer": "pass"}, {"rule": "no_regression", "answer": "pass"}],
    }


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return write_run(tmp_path / "run")


def problems(folder: RunFolder, gate: Any) -> list[str]:
    return list(verdict_problems(gate, folder, read_manifest(folder.bundle).raw))


def test_a_passing_verdict_on_this_run_has_no_problem(folder: RunFolder) -> None:
    assert problems(folder, passing(folder)) == []


SPOILERS: dict[str, Callable[[dict], Any]] = {
    "fail": lambda gate: gate.update(verdict="fail", exit_code=1),
    "undecided": lambda gate: gate.update(verdict="undecided", exit_code=3),
    "code": lambda gate: gate.update(exit_code=1),
    "no outcomes": lambda gate: gate.update(outcomes=[]),
    "an outcome": lambda gate: gate["outcomes"][0].update(answer="undecided"),
    "another report": lambda gate: gate.update(report_sha256="0" * 64),
    "no report": lambda gate: gate.pop("report_sha256"),
    "another bundle": lambda gate: gate.update(manifest_sha256="0" * 64),
    "no bundle": lambda gate: gate.update(manifest_sha256=None),
    "version": lambda gate: gate.update(schema_version=2),
}


@pytest.mark.parametrize("name", SPOILERS)
def test_any_other_verdict_is_refused(folder: RunFolder, name: str) -> None:
    gate = passing(folder)
    SPOILERS[name](gate)
    assert problems(folder, gate)


def test_a_report_of_another_bundle_is_refused(folder: RunFolder, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", "two")
    shutil.copy(other.report / "report.json", folder.report / "report.json")
    assert any("the report of this very bundle" in text for text in problems(folder, passing(folder)))


def test_an_evaluation_of_this_bundle_may_be_judged_instead(folder: RunFolder) -> None:
    run = {"name": "today", "bundle": {SEAL: read_manifest(folder.bundle).raw[SEAL]}}
    (folder.report / "report.json").write_text(json.dumps({**REPORT, "run": run}), encoding="utf-8")
    assert problems(folder, passing(folder)) == []


@pytest.mark.parametrize("spoilt", ["report/report.json", "labels.json", "model.onnx"])
def test_a_bundle_changed_since_is_refused(folder: RunFolder, spoilt: str) -> None:
    file = folder.bundle / spoilt
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(BundleError, match=spoilt):
        promote_run(folder.root, target_of(None, "m", "sqlite:////no/such.db"), "why")


def test_without_verdict_or_bundle_nothing_is_promoted(folder: RunFolder) -> None:
    target = target_of(None, "m", "sqlite:////no/such.db")
    folder.gate.unlink()
    with pytest.raises(BundleError, match=r"gate\.json"):
        promote_run(folder.root, target, "why")
    shutil.rmtree(folder.bundle)
    with pytest.raises(BundleError, match=r"manifest\.json"):
        promote_run(folder.root, target, "why")


def test_the_verdict_must_be_against_the_present_champion(folder: RunFolder) -> None:
    gate = passing(folder)
    arguments = ("models:/m@champion", folder.root)
    assert list(comparison_problems(gate, "c" * 64, *arguments)) == []
    for other in ("d" * 64, None):
        assert "another model" in next(comparison_problems(gate, other, *arguments))
    gate["outcomes"].pop()
    assert "none in the verdict" in next(comparison_problems(gate, "c" * 64, *arguments))


def test_a_champion_knows_its_bundle(folder: RunFolder, tmp_path: Path) -> None:
    own = read_manifest(folder.bundle).raw[SEAL]
    for place in (folder.root, folder.bundle, folder.report / "report.json", folder.bundle / "report"):
        found = find_champion(place)
        assert found is not None
        assert (found.seal, found.sha256) == (own, digest(folder.report / "report.json"))
    alone = tmp_path / "alone" / "report.json"
    alone.parent.mkdir()
    shutil.copy(folder.report / "report.json", alone)
    assert find_champion(alone).seal is None
    assert find_champion(None) is None
