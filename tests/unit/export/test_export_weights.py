from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from tiny_bundle import DECODINGS, ENCODING, TASKS, export_tiny, tiny_model
from transformers import AutoModel, AutoTokenizer

from xinyi.encoding import TextEncoder, pad
from xinyi.errors import BundleError
from xinyi.export import load_model
from xinyi.export.formats import torch_scorers
from xinyi.export.scoring import torch_logits
from xinyi.export.settings import ExportSettings
from xinyi.runtime import load
from xinyi.runtime.golden import read_golden
from xinyi.runtime.verify import prove
from xinyi.text import prepare


def test_plain_transformers_loads_the_encoder_whole(bundle: Path) -> None:
    _, info = AutoModel.from_pretrained(bundle, output_loading_info=True)
    assert [name for name in info["missing_keys"] if not name.startswith("pooler.")] == []
    assert not info["mismatched_keys"]
    assert all(name.startswith("heads.") for name in info["unexpected_keys"])


def test_plain_transformers_gives_the_golden_probabilities(bundle: Path) -> None:
    """An answer worked out without this package: AutoModel, mean pooling, the heads' matrices, softmax."""
    rows = read_golden(bundle)
    lengths = [len(row.ids) for row in rows]
    ids = torch.from_numpy(pad([np.array(row.ids) for row in rows], 0))
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
    encoder = AutoModel.from_pretrained(bundle).eval()
    with safe_open(bundle / "model.safetensors", "pt") as file:
        weight, bias = file.get_tensor("heads.sentiment.weight"), file.get_tensor("heads.sentiment.bias")
    plain = [i for i, row in enumerate(rows) if not prepare(row.context)]
    with torch.no_grad():
        hidden = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        pooled = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        probs = torch.softmax((pooled @ weight.T + bias) / DECODINGS["sentiment"].temperature, -1)
    wanted = [list(row.tasks["sentiment"]["probabilities"].values()) for row in rows]
    assert len(plain) > 40
    np.testing.assert_allclose(probs.numpy()[plain], np.array(wanted)[plain], atol=1e-5)


def test_plain_transformers_gives_the_same_token_ids(bundle: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(bundle)
    notes = {"short", "emoji", "traditional", "mixed script", "digits", "placeholders already there"}
    rows = [row for row in read_golden(bundle) if row.note in notes]
    assert len(rows) >= 4
    for row in rows:
        ids = tokenizer.encode(prepare(row.text), add_special_tokens=False)
        assert [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id] == row.ids
    assert tokenizer.pad_token_id == 0


def test_load_model_gives_back_every_weight(bundle: Path) -> None:
    model = load_model(bundle)
    assert not model.training
    assert list(model.heads) == [task.id for task in TASKS]
    with safe_open(bundle / "model.safetensors", "pt") as file:
        names = set(file.keys())
        state = {name.removeprefix("encoder."): tensor for name, tensor in model.state_dict().items()}
        assert names == set(state)
        assert all(torch.equal(file.get_tensor(name), state[name]) for name in names)


def test_a_learnt_pooling_is_part_of_the_bundle(tmp_path: Path) -> None:
    """Its weights are stored, read again, and in the served graph: all three give the same logits."""
    tiny = tiny_model("bert", "attention")
    record = export_tiny(tmp_path / "bundle", tiny)
    assert set(record["formats"]) == {"safetensors", "onnx"}
    assert record["int8"]
    again = load_model(tmp_path / "bundle")
    assert torch.equal(again.pool.query_D, tiny.model.pool.query_D)
    encoded = TextEncoder(tiny.tokenizer, ENCODING).encode(["物流太慢了，催了也没人理", "好"])
    served, trained = (
        load(tmp_path / "bundle").logits(["物流太慢了，催了也没人理", "好"]),
        torch_logits(again, encoded, 0),
    )
    with torch.no_grad():
        again.pool.query_D.zero_()
    for task in trained:
        np.testing.assert_allclose(served[task], trained[task], atol=1e-5)
        assert np.abs(torch_logits(again, encoded, 0)[task] - trained[task]).max() > 1e-2
    _, info = AutoModel.from_pretrained(tmp_path / "bundle", output_loading_info=True)
    assert [name for name in info["missing_keys"] if not name.startswith("pooler.")] == []


def test_config_holds_label_order_and_no_path(bundle: Path) -> None:
    raw = json.loads((bundle / "config.json").read_text(encoding="utf-8"))
    assert raw["xinyi"]["tasks"] == {task.id: list(task.label_ids) for task in TASKS}
    assert raw["xinyi"]["pooling"] == "mean"
    assert raw["architectures"] == ["BertModel"]
    assert "_name_or_path" not in raw


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_missing_files_are_a_clear_error(spoiled: Path, name: str) -> None:
    (spoiled / name).unlink()
    with pytest.raises(BundleError, match="that fit"):
        load_model(spoiled)


def test_weights_that_do_not_fit_are_a_clear_error(spoiled: Path) -> None:
    raw = json.loads((spoiled / "config.json").read_text(encoding="utf-8"))
    for change in ({"hidden_size": 64}, {"num_hidden_layers": 2}):
        (spoiled / "config.json").write_text(json.dumps(raw | change), encoding="utf-8")
        with pytest.raises(BundleError, match="that fit"):
            load_model(spoiled)
    raw["xinyi"]["tasks"]["intent"].append("more")
    (spoiled / "config.json").write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(BundleError, match="that fit"):
        load_model(spoiled)


@pytest.mark.parametrize("kind", ["bert", "modern"])
def test_what_words_say_is_part_of_the_bundle(kind: str, tmp_path: Path) -> None:
    """Every format answers with it, and plain transformers still reads the encoder."""
    tiny = tiny_model(kind, "mean_max", lexical=True)
    formats = ("safetensors", "onnx", "pt2", *(["openvino"] if find_spec("openvino") else []))
    export_tiny(tmp_path / "bundle", tiny, settings=ExportSettings(formats=formats))
    proof = prove(tmp_path / "bundle", lambda: torch_scorers(programs=True))
    assert proof.problems == []
    assert set(proof.replayed) == set(formats)
    again = load_model(tmp_path / "bundle")
    assert torch.equal(again.lexical.table.weight, tiny.model.lexical.table.weight)
    encoded = TextEncoder(tiny.tokenizer, ENCODING).encode(["物流太慢了，催了也没人理", "好"])
    trained = torch_logits(again, encoded, 0)
    served = load(tmp_path / "bundle").logits(["物流太慢了，催了也没人理", "好"])
    with torch.no_grad():
        again.lexical.table.weight.zero_()
    for task in trained:
        np.testing.assert_allclose(served[task], trained[task], atol=1e-5)
        assert np.abs(torch_logits(again, encoded, 0)[task] - trained[task]).max() > 1e-2
    _, info = AutoModel.from_pretrained(tmp_path / "bundle", output_loading_info=True)
    assert [name for name in info["missing_keys"] if not name.startswith("pooler.")] == []
