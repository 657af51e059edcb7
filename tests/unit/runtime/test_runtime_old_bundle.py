"""A bundle written by the first schema keeps loading. Its texts were cleaned by version 1 of the text rooms."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from xinyi.errors import BundleError
from xinyi.runtime import files, load
from xinyi.runtime.golden import read_golden
from xinyi.runtime.manifest import read_manifest
from xinyi.runtime.verify import prove

OLD = Path(__file__).parents[2] / "fixtures" / "bundle_schema1"


@pytest.fixture
def same_text_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixture is about schemas: newer rules for texts refuse it for another reason, tested below."""
    manifest = read_manifest(OLD)
    monkeypatch.setattr(files, "NORMALIZER_VERSION", manifest.normaliser)
    monkeypatch.setattr(files, "MASKER_VERSION", manifest.masker)


@pytest.mark.usefixtures("same_text_rooms")
def test_a_bundle_of_schema_1_loads_and_answers_its_golden_rows() -> None:
    classifier = load(OLD, threads=1)
    assert (classifier.name, classifier.version, classifier.format) == ("old", "0.1.0", "onnx")
    # Rows that no rule for personal data can ever touch.
    rows = [row for row in read_golden(OLD) if row.note in ("short", "two characters", "one full stop", "empty")]
    assert len(rows) == 4
    for row, answer in zip(rows, classifier.predict([row.text for row in rows]), strict=True):
        for task, said in answer.items():
            assert said["label"] == row.tasks[task]["label"]
            assert said["all"] == pytest.approx(row.tasks[task]["probabilities"], abs=1e-5)


@pytest.mark.usefixtures("same_text_rooms")
def test_its_one_tolerance_counts_for_each_format() -> None:
    manifest = read_manifest(OLD)
    assert manifest.raw["schema_version"] == 2
    assert {name: record.tolerance for name, record in manifest.formats.items()} == {"safetensors": 1e-5, "onnx": 1e-5}
    proof = prove(OLD)
    assert set(proof.replayed) == {"onnx"}
    assert not [text for text in proof.problems if "schema" in text or "manifest.json" in text]


def test_other_text_rooms_are_refused_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(files, "MASKER_VERSION", "next")
    with pytest.raises(BundleError, match="masker version"):
        load(OLD)
    with caplog.at_level(logging.WARNING):
        assert load(OLD, threads=1, strict=False).predict(["快递到哪了"])[0]["intent"]["label"]
    assert "masker version" in caplog.text


def test_a_newer_schema_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"schema_version": 99}', encoding="utf-8")
    with pytest.raises(BundleError, match="expected schema_version 1 to 2, got 99; install the xinyi that made it"):
        load(tmp_path)
