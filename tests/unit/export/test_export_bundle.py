from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_bundle import DECODINGS, TASKS, export_tiny, tiny_model, write_report

from xinyi.errors import BundleError
from xinyi.export import ExportError, ExportSettings, weights
from xinyi.export import bundle as room
from xinyi.export.checks import what_else
from xinyi.pipeline.export import check_target
from xinyi.runtime import load, verify
from xinyi.runtime.manifest import read_manifest

# The graph takes seconds to trace: tests of everything else do without.
FAST = ExportSettings(formats=("safetensors",))


def test_the_manifest_records_what_went_in(bundle: Path) -> None:
    raw = read_manifest(bundle).raw
    assert raw["git_commit"] == "0" * 40
    assert raw["data"] == {"name": "invented", "fingerprint": "f" * 64}
    primary = {"metric": "macro_f1", "split": "validation", "value": 0.5, "low": 0.4, "high": 0.6, "n": 16}
    assert raw["primary"] == {"sentiment": primary}
    assert raw["versions"]["torch"] == torch.__version__
    assert raw["opset"] == 18
    assert raw["masking"] is True
    for name in ("onnx", "safetensors"):
        record = raw["parity"]["formats"][name]
        assert record["argmax_equal"] is True
        assert record["max_difference"] <= 1e-5
        assert record["rows"] >= 64
    assert raw["parity"]["formats"]["safetensors"]["max_difference"] == 0.0


def test_the_card_says_what_the_records_say(bundle: Path) -> None:
    card = (bundle / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "f" * 64 in card
    assert "| sentiment | validation | macro_f1 | 0.500 | 0.400 to 0.600 | 16 | 0.200 |" in card
    assert "random weights" in card
    assert "F1 under 0.5 for neg" in card
    assert "手机号 1" in card
    assert "train seconds: not recorded" in card
    assert "- licence, as its origin states it: not recorded" in card
    assert "## Slices\n\nNot measured." in card


def test_the_card_takes_slices_behaviour_and_licence_from_the_records(tmp_path: Path) -> None:
    report = json.loads((write_report(tmp_path / "one") / "report.json").read_text(encoding="utf-8"))
    rate = {"value": 0.4, "low": 0.3, "high": 0.5, "n": 10}
    content = report["tasks"]["sentiment"]["validation"]
    content["slices"] = {"channel": {"app|web": {"n": 9, "metrics": {"macro_f1": {**rate, "n": 9}}}}}
    content["behaviour"] = {"negation": {"not_good": {"type": "MFT", "n": 10, "pass_rate": rate}}}
    content["worst_slices"] = {"found": [{"slice": {"channel": "phone", "emoji": "none"}, "worse": True}]}
    report["data"]["card"] = {"licence": "CC BY 4.0", "source": "a survey", "trouble": ["noisy", "old"]}
    report["run"] |= {"train_seconds": 7200, "device": "a CPU", "created": "2026-01-02T00:00:00+00:00"}
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "report.json").write_text(json.dumps(report), encoding="utf-8")
    export_tiny(tmp_path / "bundle", tiny_model(), settings=FAST, report_dir=tmp_path / "two")
    card = (tmp_path / "bundle" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "licence, as its origin states it: CC BY 4.0" in card
    assert "| sentiment | validation | channel = app\\|web | macro_f1 | 0.400 (0.300 to 0.500) | 9 |" in card
    assert "| sentiment | negation | not_good | MFT | 0.400 (0.300 to 0.500) | 10 |" in card
    assert "- source: a survey\n- trouble: noisy\n- trouble: old\n" in card
    assert "worse than elsewhere in channel = phone and emoji = none.\n" in card
    assert "passes 0.400 (0.300 to 0.500) of the behaviour test negation/not_good" in card
    assert "2.000 hours on a CPU" in card
    assert "year    = {2026}" in card


def test_no_pickle_and_no_absolute_path(bundle: Path) -> None:
    files = [path for path in bundle.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix in {".pt", ".bin", ".pkl", ".ckpt"}]
    assert not [path for path in files if str(bundle.parent).encode() in path.read_bytes()]


def test_a_bundle_without_masking_says_so_and_still_holds_no_numbers(tmp_path: Path) -> None:
    export_tiny(tmp_path / "bundle", tiny_model(), settings=FAST, masking=False)
    assert read_manifest(tmp_path / "bundle").masking is False
    assert "13912345678" not in (tmp_path / "bundle" / "golden.jsonl").read_text(encoding="utf-8")
    assert "was not masked" in (tmp_path / "bundle" / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_a_bundle_without_a_graph_cannot_be_served_or_proved(tmp_path: Path) -> None:
    record = export_tiny(tmp_path / "bundle", tiny_model(), settings=FAST)
    assert record == {
        "formats": {"safetensors": {"max_difference": 0.0, "argmax_equal": True, "rows": 80}},
        "max_difference": 0.0,
        "int8": {"kept": False, "settings": None, "why": "not among export.formats", "tasks": {}},
    }
    assert "expected an ONNX graph" in verify(tmp_path / "bundle")[0]
    with pytest.raises(Exception, match="expected the format onnx, got none"):
        load(tmp_path / "bundle")


def test_an_older_bundle_is_replaced_only_by_a_complete_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny, folder = tiny_model(), tmp_path / "bundle"
    export_tiny(folder, tiny, settings=FAST, report_dir=write_report(tmp_path / "report"))
    first = read_manifest(folder).raw["manifest_sha256"]
    with monkeypatch.context() as patch:
        patch.setattr(room, "write_card", _full)
        with pytest.raises(ExportError, match="No space left"):
            export_tiny(folder, tiny, settings=FAST)
    assert read_manifest(folder).raw["manifest_sha256"] == first
    export_tiny(folder, tiny_model(seed=1), settings=FAST)
    assert read_manifest(folder).raw["manifest_sha256"] != first
    assert not (folder / "report").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "report"]


def _full(*_: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_format_that_differs_leaves_no_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def moved(folder: Path) -> Any:
        model = load_model(folder)
        with torch.no_grad():
            model.heads["intent"].bias[0] += 1e-3
        return model

    load_model = weights.load_model
    monkeypatch.setattr(weights, "load_model", moved)
    with pytest.raises(ExportError, match="format safetensors: expected probabilities within 1e-05"):
        export_tiny(tmp_path / "bundle", tiny_model(), settings=FAST)
    assert list(tmp_path.iterdir()) == []


def test_a_format_that_decides_otherwise_leaves_no_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flipped(folder: Path) -> Any:
        model = load_model(folder)
        with torch.no_grad():
            model.heads["intent"].weight.copy_(model.heads["intent"].weight.flip(0))
        return model

    load_model = weights.load_model
    monkeypatch.setattr(weights, "load_model", flipped)
    loose = ExportSettings(formats=("safetensors",), tolerance=1.0)
    with pytest.raises(ExportError, match="expected the trained model's decisions"):
        export_tiny(tmp_path / "bundle", tiny_model(), settings=loose)
    assert list(tmp_path.iterdir()) == []


def test_all_wrong_settings_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "thesis.txt").write_text("x", encoding="utf-8")
    wrong = {"tasks": TASKS[:2], "decodings": {"sentiment": DECODINGS["sentiment"]}}
    with pytest.raises(ExportError) as caught:
        export_tiny(tmp_path / "bundle", tiny_model(), settings=ExportSettings(formats=("pickle",)), **wrong)
    message = str(caught.value)
    assert all(part in message for part in ("pickle", "expected heads", "none for", "an older bundle"))
    assert (tmp_path / "bundle" / "thesis.txt").is_file()


@pytest.mark.parametrize("content", [None, '{"primary": NaN}', "{"])
def test_a_report_that_cannot_be_read_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "report").mkdir()
        (tmp_path / "report" / "report.json").write_text(content, encoding="utf-8")
    with pytest.raises(ExportError, match="report"):
        export_tiny(tmp_path / "bundle", tiny_model(), settings=FAST, report_dir=tmp_path / "report")
    assert not (tmp_path / "bundle").exists()


def test_heads_in_another_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="heads in the order"):
        export_tiny(tmp_path / "bundle", tiny_model(), settings=FAST, tasks=tuple(reversed(TASKS)))


def test_only_a_bundle_is_replaced_and_only_one_that_holds_nothing_else(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "manifest.json").write_text('{"name": "shop", "start_url": "/"}', encoding="utf-8")
    assert what_else(app) == "something else"
    bundle = tmp_path / "bundle"
    assert what_else(bundle) is None
    export_tiny(bundle, tiny_model(), settings=ExportSettings(formats=("safetensors",)))
    assert what_else(bundle) is None
    (bundle / "manifest.json.sig").write_bytes(b"signature")
    assert what_else(bundle) is None
    (bundle / "notes").mkdir()
    (bundle / "notes" / "mine.txt").write_text("x", encoding="utf-8")
    assert "notes/mine.txt" in (what_else(bundle) or "")
    with pytest.raises(ExportError, match=r"notes/mine\.txt"):
        export_tiny(bundle, tiny_model(), settings=ExportSettings(formats=("safetensors",)))
    with pytest.raises(BundleError, match=r"notes/mine\.txt"):
        check_target(bundle)
    assert (bundle / "notes" / "mine.txt").is_file()
