"""Loading encoders: what loads gives the same outputs, what cannot be used is refused in words."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertModel,
    ModernBertConfig,
    ModernBertModel,
    RobertaConfig,
    RobertaModel,
)

from xinyi.errors import ConfigError
from xinyi.models.backbone import EMBEDDED, BackboneSettings, load_backbone
from xinyi.models.vocabulary import MARKS

TINY = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [*SPECIALS, *"的一是不了在人有我他这个上们来到时大地为", *(f"word{i}" for i in range(90))]
SPECIAL_IDS = {"pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
IDS = torch.tensor([[2, 6, 7, 8, 3], [2, 9, 3, 0, 0]])
MASK = (IDS != 0).long()


def make_folder(path: Path, tokenizer: str = "json", kind: type = BertModel) -> BertModel:
    """A Hugging Face folder with random weights; returns what was saved."""
    torch.manual_seed(0)
    model = kind(BertConfig(vocab_size=len(WORDS), max_position_embeddings=32, **TINY)).eval()
    model.save_pretrained(path)
    if tokenizer == "vocab":
        (path / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    elif tokenizer == "json":
        raw = json.loads((EMBEDDED / "tokenizer.json").read_text(encoding="utf-8"))
        raw["model"]["vocab"] = {word: i for i, word in enumerate(WORDS)}
        raw["added_tokens"] = raw["added_tokens"][:5]
        (path / "tokenizer.json").write_text(json.dumps(raw), encoding="utf-8")
        (path / "tokenizer_config.json").write_bytes((EMBEDDED / "tokenizer_config.json").read_bytes())
    return model


def load(path: Path):
    return load_backbone(BackboneSettings(kind="local", path=str(path)))


def hidden(encoder: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return encoder(input_ids=IDS, attention_mask=MASK).last_hidden_state


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    (problem,) = caught.value.problems
    assert problem.startswith(f"backbone {path}: expected ")
    return problem


@pytest.mark.parametrize("tokenizer", ["json", "vocab"])
def test_a_local_folder_gives_the_outputs_of_what_was_saved(tmp_path, tokenizer):
    saved = make_folder(tmp_path, tokenizer)
    backbone = load(tmp_path)
    torch.testing.assert_close(hidden(backbone.encoder)[MASK == 1], hidden(saved)[MASK == 1])
    assert backbone.hidden_size == 32
    assert not backbone.random
    assert not backbone.encoder.training
    assert backbone.encoder.pooler is None
    assert backbone.tokenizer.encode("我们来", add_special_tokens=False).tokens == ["我", "们", "来"]
    assert backbone.tokenizer.get_vocab_size() == len(WORDS) + len(MARKS)


@pytest.mark.parametrize("kind", [BertForMaskedLM, BertForSequenceClassification])
def test_the_encoder_of_a_model_with_another_head_is_used(tmp_path, kind):
    saved = make_folder(tmp_path, kind=kind)
    torch.testing.assert_close(hidden(load(tmp_path).encoder)[MASK == 1], hidden(saved.bert)[MASK == 1])


def test_half_precision_weights_are_trained_in_fp32(tmp_path):
    make_folder(tmp_path).half().save_pretrained(tmp_path)
    assert {p.dtype for p in load(tmp_path).encoder.parameters()} == {torch.float32}


def test_pickled_weights_are_refused(tmp_path):
    model = make_folder(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    assert "safetensors" in refusal(tmp_path)


def test_a_missing_weight_is_named(tmp_path):
    make_folder(tmp_path)
    path = tmp_path / "model.safetensors"
    tensors = load_file(path)
    del tensors["encoder.layer.0.output.dense.weight"]
    save_file(tensors, path, {"format": "pt"})
    assert "encoder.layer.0.output.dense.weight" in refusal(tmp_path)


def test_a_missing_pooler_is_no_matter(tmp_path):
    make_folder(tmp_path)
    path = tmp_path / "model.safetensors"
    save_file({k: v for k, v in load_file(path).items() if not k.startswith("pooler")}, path, {"format": "pt"})
    assert load(tmp_path).encoder.pooler is None


def test_weights_of_another_size_are_refused(tmp_path):
    make_folder(tmp_path)
    raw = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps(raw | {"intermediate_size": 48}), encoding="utf-8")
    assert "size" in refusal(tmp_path)


def test_damaged_weights_are_refused(tmp_path):
    make_folder(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    refusal(tmp_path)


@pytest.mark.parametrize("content", ["{", '{"model_type": "no-such-model"}'])
def test_an_unusable_configuration_is_refused(tmp_path, content):
    make_folder(tmp_path)
    (tmp_path / "config.json").write_text(content, encoding="utf-8")
    refusal(tmp_path)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path):
    make_folder(tmp_path, tokenizer="none")
    assert "tokenizer" in refusal(tmp_path)


def test_a_tokenizer_with_more_entries_than_the_encoder_is_refused(tmp_path):
    make_folder(tmp_path)
    (tmp_path / "tokenizer.json").write_bytes((EMBEDDED / "tokenizer.json").read_bytes())
    problem = refusal(tmp_path)
    assert str(len(WORDS)) in problem


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    refusal(tmp_path / "nothing")


def test_the_hub_without_a_network_is_refused_in_words(monkeypatch, tmp_path):
    # Read from HF_HUB_OFFLINE when the library is loaded, which it already is.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ConfigError, match="backbone no-one/no-such-model: expected a Hugging Face encoder"):
        load_backbone(BackboneSettings(kind="hub", name="no-one/no-such-model"))


def test_the_embedded_encoder_says_that_it_is_random(caplog):
    with caplog.at_level(logging.WARNING):
        backbone = load_backbone(BackboneSettings(config=TINY))
    assert backbone.random
    assert "RANDOM" in caplog.text
    assert "backbone=local" in caplog.text


def test_the_embedded_encoder_fits_its_tokenizer():
    backbone = load_backbone(BackboneSettings(config=TINY))
    assert backbone.encoder.get_input_embeddings().num_embeddings == backbone.tokenizer.get_vocab_size()
    assert (backbone.hidden_size, backbone.encoder.config.num_hidden_layers) == (32, 1)
    assert Tokenizer.from_file(str(EMBEDDED / "tokenizer.json")).to_str() == backbone.tokenizer.to_str()


def test_the_longest_row_follows_from_the_positions(tmp_path):
    make_folder(tmp_path / "bert")
    assert load(tmp_path / "bert").max_length == 32
    roberta = RobertaConfig(vocab_size=200, max_position_embeddings=34, pad_token_id=1, **TINY)
    modern = ModernBertConfig(vocab_size=200, max_position_embeddings=64, **SPECIAL_IDS, **TINY)
    cases = (("roberta", RobertaModel(roberta), 32), ("modernbert", ModernBertModel(modern), None))
    for name, made, expected in cases:
        make_folder(tmp_path / name)
        (tmp_path / name / "config.json").unlink()
        made.save_pretrained(tmp_path / name)
        backbone = load(tmp_path / name)
        assert backbone.max_length == expected
        ids_BL = torch.full((1, expected or 80), 6)
        with torch.no_grad():  # the longest row is computed, one more token is not
            backbone.encoder(input_ids=ids_BL, attention_mask=torch.ones_like(ids_BL))
        if expected:
            ids_BL = torch.full((1, expected + 1), 6)
            with pytest.raises((IndexError, RuntimeError)):
                backbone.encoder(input_ids=ids_BL, attention_mask=torch.ones_like(ids_BL))


@pytest.mark.parametrize(("on_gpu", "expected"), [(False, "eager"), (True, "sdpa")])
def test_attention_follows_the_hardware(on_gpu, expected):
    encoder = load_backbone(BackboneSettings(config=TINY), on_gpu).encoder
    assert encoder.config._attn_implementation == expected
    chosen = load_backbone(BackboneSettings(config=TINY, attention="sdpa"), on_gpu).encoder
    assert chosen.config._attn_implementation == "sdpa"
