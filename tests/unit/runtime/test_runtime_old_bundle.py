"""A bundle written by the first schema keeps loading. Its texts were cleaned by version 1 of the text rooms."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from xinyi import cli
from xinyi.errors import BundleError
from xinyi.runtime import files, load
from xinyi.runtime.golden import read_golden
from xinyi.runtime.manifest import read_manifest
from xinyi.runtime.verify import prove

OLD = Path(__file__).parents[2] / "fixtures" / "bundle_schema1"


def test_a_bundle_of_schema_1_loads_and_answers_its_golden_rows() -> None:
    classifier = load(OLD, threads=1, strict=False)
    assert (classifier.name, classifier.version, classifier.format) == ("old", "0.1.0", "onnx")
    # Rows that no rule for personal data can ever touch.
    rows = [row for row in read_golden(OLD) if row.note in ("short", "two characters", "one full stop", "empty")]
    assert len(rows) == 4
    for row, answer in zip(rows, classifier.predict([row.text for row in rows]), strict=True):
        for task, said in answer.items():
            assert said["label"] == row.tasks[task]["label"]
            assert said["all"] == pytest.approx(row.tasks[task]["probabilities"], abs=1e-5)


def test_its_one_tolerance_counts_for_each_format() -> None:
    manifest = read_manifest(OLD)
    assert manifest.raw["schema_version"] == 2
    assert {name: record.tolerance for name, record in manifest.formats.items()} == {"safetensors": 1e-5, "onnx": 1e-5}
    proof = prove(OLD, strict=False)
    assert set(proof.replayed) == {"onnx"}
    assert not [text for text in proof.problems if "schema" in text or "manifest.json" in text]
    assert "masker version 1" in "".join(prove(OLD).problems)


def test_other_text_rooms_are_refused_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(files, "MASKER_VERSION", "next")
    with pytest.raises(BundleError, match="masker version"):
        load(OLD)
    with caplog.at_level(logging.WARNING):
        assert load(OLD, threads=1, strict=False).predict(["快递到哪了"])[0]["intent"]["label"]
    assert "masker version" in caplog.text


def test_the_command_line_answers_with_it_when_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "in.csv").write_text("text\n还是不行\n", encoding="utf-8")
    arguments = ["predict", str(OLD), "--input", str(tmp_path / "in.csv"), "--output", str(tmp_path / "out.csv")]
    assert cli.main(arguments) == 2
    assert "--any-version" in capsys.readouterr().err
    assert cli.main([*arguments, "--any-version"]) == 0
    assert "masker version 1" in caplog.text
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").startswith("text,sentiment")


def test_a_newer_schema_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"schema_version": 99}', encoding="utf-8")
    with pytest.raises(BundleError, match="expected schema_version 1 to 2, got 99; install the xinyi that made it"):
        load(tmp_path)
