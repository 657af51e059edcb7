from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pyarrow as pa
import pytest
from tiny_bundle import DECODINGS, ENCODING, SETTINGS, TASKS, export_tiny, tiny_model, tiny_table
from tokenizers import Tokenizer

from xinyi.encoding import TextEncoder
from xinyi.export import int8
from xinyi.export.int8 import Validation, write_int8
from xinyi.export.quantize import LADDER, left_out, quantize
from xinyi.export.settings import ExportSettings, Recipe
from xinyi.runtime import load, verify
from xinyi.runtime.classifier import Classifier
from xinyi.runtime.golden import read_golden
from xinyi.runtime.manifest import read_manifest


def recipe(margin: float) -> Recipe:
    return Recipe(TASKS, DECODINGS, ENCODING, True, ExportSettings(SETTINGS.formats, int8_margin=margin))


@pytest.fixture
def part(bundle: Path, tmp_path: Path) -> Path:
    """A folder as it is when int8 is written: graph, labels, tokenizer."""
    for name in ("model.onnx", "labels.json", "tokenizer.json"):
        shutil.copy(bundle / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def validation(classifier: Classifier) -> Validation:
    table = tiny_table()
    return Validation(table, classifier.logits(table["text"].to_pylist(), table["context"].to_pylist()))


def encoder(part: Path) -> TextEncoder:
    return TextEncoder(Tokenizer.from_file(str(part / "tokenizer.json")), ENCODING)


def test_the_bundle_says_what_int8_loses_on_every_labelled_row(bundle: Path) -> None:
    record = read_manifest(bundle).raw["parity"]["int8"]
    assert record["kept"] is True
    assert record["settings"] == "dynamic"
    assert {task: found["n"] for task, found in record["tasks"].items()} == {
        "sentiment": 16, "emotion": 16, "intent": 15,
    }  # fmt: skip
    for found in record["tasks"].values():
        assert found["low"] <= found["loss"] <= found["high"]
        assert found["trained"] - found["got"] == pytest.approx(found["loss"])


def test_int8_serves_and_is_about_the_trained_model(bundle: Path) -> None:
    served = load(bundle, threads=1, format="onnx_int8")
    rows = [row for row in read_golden(bundle) if not row.context]
    answers = served.predict([row.text for row in rows])
    tolerance = read_manifest(bundle).formats["onnx_int8"].tolerance
    gaps = [
        abs(answer["intent"]["all"][label] - probability)
        for row, answer in zip(rows, answers, strict=True)
        for label, probability in row.tasks["intent"]["probabilities"].items()
    ]
    assert 0 < max(gaps) <= tolerance < 0.2


def test_the_graph_is_smaller_and_keeps_its_notes(bundle: Path) -> None:
    assert (bundle / "model.int8.onnx").stat().st_size < 0.6 * (bundle / "model.onnx").stat().st_size
    props = {entry.key: entry.value for entry in onnx.load(bundle / "model.int8.onnx").metadata_props}
    assert json.loads(props["xinyi.tasks"])["intent"] == ["refund", "logistics", "praise"]


@pytest.mark.parametrize("how", LADDER, ids=lambda how: how.name)
def test_every_setting_makes_a_graph_that_answers(part: Path, validation: Validation, how, tmp_path: Path) -> None:
    own = encoder(part)
    texts = own.encode(validation.texts, validation.contexts)
    quantize(part / "model.onnx", part / "model.int8.onnx", how, texts, own.pad_id)
    served = int8.assemble(part, "model.int8.onnx", ENCODING, True, threads=1)
    logits = served.logits(validation.texts, validation.contexts)
    for task, trained in validation.trained.items():
        assert np.abs(logits[task] - trained).max() < 1.0
        assert np.abs(logits[task] - trained).max() > 0.0
    kinds = {node.op_type for node in onnx.load(part / "model.int8.onnx").graph.node}
    assert ("QuantizeLinear" in kinds) == how.static


def test_more_careful_settings_are_tried_until_one_fits(part: Path, validation, monkeypatch) -> None:
    losses = iter([0.02, 0.004, 0.0])
    fake = {"metric": "macro_f1", "low": 0.0, "high": 0.1, "n": 16}
    monkeypatch.setattr(int8, "losses", lambda answered: {"intent": {**fake, "loss": next(losses)}})
    record = write_int8(part, validation, validation.table, encoder(part), recipe(0.005))
    assert record["settings"] == LADDER[1].name
    assert [tried["fits"] for tried in record["tried"]] == [False, True]
    assert (part / "model.int8.onnx").is_file()


def test_a_loss_that_nothing_cures_leaves_int8_out(part: Path, validation, monkeypatch, caplog) -> None:
    def lossy(answered):
        return {"intent": {"metric": "macro_f1", "loss": 0.031, "low": 0.0, "high": 0.1, "n": 16}}

    monkeypatch.setattr(int8, "losses", lossy)
    record = write_int8(part, validation, validation.table, encoder(part), recipe(0.005))
    assert record["kept"] is False
    assert len(record["tried"]) == len(LADDER)
    assert "loses 0.0310 of the primary metric, more than the margin 0.005" in record["why"]
    assert "int8 is left out" in caplog.text
    assert not (part / "model.int8.onnx").exists()


def test_without_labels_int8_is_not_guessed_to_be_good(tmp_path: Path) -> None:
    bare = tiny_table().select(["text", "context"])
    record = export_tiny(tmp_path / "bundle", tiny_model(), golden_table=bare)
    assert record["int8"]["kept"] is False
    assert "no labelled validation rows" in record["int8"]["why"]
    manifest = read_manifest(tmp_path / "bundle")
    assert set(manifest.formats) == {"safetensors", "onnx"}
    assert verify(tmp_path / "bundle") == []
    assert "int8: left out" in (tmp_path / "bundle" / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_what_is_left_out_are_the_products_that_shorten_vectors(bundle: Path) -> None:
    model = onnx.load(bundle / "model.onnx")
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    nodes = {node.name: node for node in model.graph.node}
    down = [shapes[nodes[name].input[1]] for name in left_out(model, "down")]
    assert down == [(64, 32)]
    assert left_out(model, "none") == []
    assert len(left_out(model, "last")) >= len(down)


@pytest.mark.parametrize("column", ["meta.conversation_id", "meta.data.group"])
def test_rows_that_hang_together_are_drawn_together(column: str) -> None:
    gold = np.arange(30) % 3
    table = pa.table({column: [None if row % 10 == 9 else f"c{row // 10}" for row in range(30)]})
    logits = {"intent": np.eye(3)[gold]}
    one = replace(recipe(0.1), tasks=(TASKS[2],))
    found = int8._answered(Validation(table, logits), {"intent": gold}, logits, one)["intent"]
    assert np.unique(found.conversations, return_counts=True)[1].tolist() == [9, 9, 9, 1, 1, 1]
