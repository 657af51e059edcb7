"""Marks of masked personal data in other people's vocabularies: one token each, wherever the tokenizer is read."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM, BertModel

from xinyi.config.compose import load as compose
from xinyi.encoding import EncodingSettings, TextEncoder
from xinyi.export.tokenizer import write_tokenizer
from xinyi.models.backbone import EMBEDDED, BackboneSettings, load_backbone, load_tokenizer
from xinyi.models.masked_lm import load_masked_lm
from xinyi.models.vocabulary import MARKS, make_room, with_marks
from xinyi.pipeline.folder import RunFolder, write_yaml
from xinyi.pipeline.resume import run_config

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CHARACTERS = [*"[]手机号我的是快递单号一二三四五六七八九十上下左右前后大小多少", *(chr(0x5B57 + i) for i in range(80))]
FREE = [f"[unused{i}]" for i in range(1, 100)]
TEXT = "我的[手机号]是[QQ号]"


def folder(path: Path, free: list[str], rows: int | None = None) -> Path:
    """A BERT with random weights and a vocab.txt, as on the hub. rows: vectors, where more than entries."""
    words = list(dict.fromkeys([SPECIALS[0], *free, *SPECIALS[1:], *CHARACTERS]))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=rows or len(words), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48
    )
    BertForMaskedLM(config).save_pretrained(path)
    (path / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    return path


def tokens(tokenizer: Tokenizer, text: str = TEXT) -> list[str]:
    return tokenizer.encode(text, add_special_tokens=False).tokens


def settings(path: Path, **more: bool) -> BackboneSettings:
    return BackboneSettings(kind="local", path=str(path), **more)


def test_free_entries_are_taken_from_the_end(tmp_path: Path) -> None:
    place = folder(tmp_path / "bert", FREE)
    plain = load_tokenizer(settings(place), marks=False)
    backbone = load_backbone(settings(place))
    assert len(tokens(plain)) > 5
    assert tokens(backbone.tokenizer) == ["我", "的", "[手机号]", "是", "[QQ号]"]
    assert all(tokens(backbone.tokenizer, mark) == [mark] for mark in MARKS)
    taken = {plain.id_to_token(backbone.tokenizer.token_to_id(mark)) for mark in MARKS}
    assert taken == set(FREE[-len(MARKS) :])
    assert backbone.tokenizer.get_vocab_size() == plain.get_vocab_size() == backbone.config.vocab_size


@pytest.mark.parametrize(("rows", "grown"), [(None, True), (200, False)])
def test_without_free_entries_there_are_new_ones(tmp_path: Path, rows: int | None, grown: bool) -> None:
    place = folder(tmp_path / "bert", [], rows)
    plain, backbone = load_tokenizer(settings(place), marks=False), load_backbone(settings(place))
    assert tokens(backbone.tokenizer) == ["我", "的", "[手机号]", "是", "[QQ号]"]
    vectors = backbone.encoder.get_input_embeddings().weight
    assert len(vectors) == (plain.get_vocab_size() + len(MARKS) if grown else rows) == backbone.config.vocab_size
    assert {backbone.tokenizer.token_to_id(mark) for mark in MARKS} == set(
        range(plain.get_vocab_size(), plain.get_vocab_size() + len(MARKS))
    )


@pytest.mark.parametrize("free", [FREE, []])
def test_their_vectors_start_as_the_mean_of_what_they_were_and_the_others_stay(tmp_path: Path, free: list[str]) -> None:
    place = folder(tmp_path / "bert", free)
    plain, backbone = load_tokenizer(settings(place), marks=False), load_backbone(settings(place))
    before = BertModel.from_pretrained(place).get_input_embeddings().weight
    after = backbone.encoder.get_input_embeddings().weight
    mobile, qq = (backbone.tokenizer.token_to_id(mark) for mark in ("[手机号]", "[QQ号]"))
    torch.testing.assert_close(after[mobile], before[[plain.token_to_id(c) for c in "[手机号]"]].mean(dim=0))
    # QQ is unknown to the vocabulary.
    torch.testing.assert_close(after[qq], before[[plain.token_to_id(c) for c in "[号]"]].mean(dim=0))
    marks = {backbone.tokenizer.token_to_id(mark) for mark in MARKS}
    others = [i for i in range(len(before)) if i not in marks]
    assert torch.equal(after[others], before[others])


@pytest.mark.parametrize("free", [FREE, []])
def test_what_serves_and_plain_transformers_read_them_alike(tmp_path: Path, free: list[str]) -> None:
    backbone = load_backbone(settings(folder(tmp_path / "bert", free)))
    (tmp_path / "bundle").mkdir()
    write_tokenizer(backbone.tokenizer, EncodingSettings(), tmp_path / "bundle")
    trained = TextEncoder(backbone.tokenizer, EncodingSettings()).encode([TEXT]).ids.tolist()
    served = TextEncoder.from_file(tmp_path / "bundle" / "tokenizer.json", EncodingSettings())
    assert served.encode([TEXT]).ids.tolist() == trained
    assert len(trained) == 7
    assert AutoTokenizer.from_pretrained(tmp_path / "bundle")(TEXT, add_special_tokens=False).input_ids == trained[1:-1]


@pytest.mark.parametrize("free", [FREE, []])
def test_more_pretraining_goes_on_with_them(tmp_path: Path, free: list[str]) -> None:
    start = load_masked_lm(settings(folder(tmp_path / "bert", free)))
    ids_BL = torch.tensor([start.tokenizer.encode(TEXT).ids])
    with torch.no_grad():
        logits_BLV = start.model(input_ids=ids_BL).logits
    assert logits_BLV.shape[-1] == start.tokenizer.get_vocab_size() == start.model.config.vocab_size
    backbone = load_backbone(settings(tmp_path / "bert"))
    assert backbone.tokenizer.to_str() == start.tokenizer.to_str()
    assert torch.equal(backbone.encoder.get_input_embeddings().weight, start.model.get_input_embeddings().weight)
    # A run that began before keeps its own tokenizer, and with it the model's size.
    plain = load_tokenizer(settings(tmp_path / "bert"), marks=False)
    assert (
        load_masked_lm(settings(tmp_path / "bert"), tokenizer=plain).model.config.vocab_size == plain.get_vocab_size()
    )


def test_nothing_is_changed_where_not_wanted_or_there_already(tmp_path: Path) -> None:
    off = settings(folder(tmp_path / "bert", FREE), placeholders=False)
    assert load_backbone(off).tokenizer.to_str() == load_tokenizer(off).to_str()
    assert "[手机号]" not in tokens(load_tokenizer(off))
    own = Tokenizer.from_file(str(EMBEDDED / "tokenizer.json"))
    assert with_marks(own) is own


def test_vocabularies_of_other_kinds_get_them_too() -> None:
    plain = Tokenizer(models.Unigram([("<unk>", 0.0), ("▁", -1.0), *((c, -2.0) for c in "我的是手机号")], unk_id=0))
    plain.pre_tokenizer = pre_tokenizers.Metaspace()
    marked = with_marks(plain)
    assert all(tokens(marked, mark) == [mark] for mark in MARKS)
    model = BertModel(
        BertConfig(vocab_size=plain.get_vocab_size(), hidden_size=32, num_hidden_layers=1, num_attention_heads=2)
    )
    make_room(model, plain, marked)
    assert model.get_input_embeddings().num_embeddings == marked.get_vocab_size()


def test_a_run_that_was_trained_without_them_keeps_its_tokens(tmp_path: Path) -> None:
    config = asdict(compose(["backbone=hub"]))
    assert config["backbone"]["placeholders"] is True
    write_yaml(RunFolder(tmp_path).config, config)
    assert run_config(RunFolder(tmp_path)).backbone.placeholders is True
    del config["backbone"]["placeholders"]
    write_yaml(RunFolder(tmp_path).config, config)
    assert run_config(RunFolder(tmp_path)).backbone.placeholders is False
