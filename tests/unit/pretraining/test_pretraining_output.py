"""The folder that a run leaves."""

from __future__ import annotations

import hashlib
import json

import torch
from pretraining_world import LINES, tiny_lm, tokenizer
from transformers import AutoModelForMaskedLM, AutoTokenizer

from xinyi.encoding import EncodingSettings, TextEncoder
from xinyi.models.backbone import BackboneSettings, load_backbone
from xinyi.models.masked_lm import load_masked_lm
from xinyi.pretraining.output import write_model

FACTS = {
    "name": "tiny", "origin": "random weights", "command": "xinyi pretrain data.files=[a.txt]", "created": "2026-11-22",
    "tokens": 12_345, "steps": 9, "seconds": 60.0, "device": "CPU", "precision": "bf16", "seed": 7,
    "versions": {"torch": "2"}, "masking": True,
}  # fmt: skip
SOURCES = [
    {"source": "forum", "licence": "CC BY", "weight": 2.0, "sha256": "ab" * 32, "train": {"lines": 10, "tokens": 99}}
]


def _row(n: int) -> dict:
    figures = {"loss": 5.0 - n, "accuracy": 0.1 * n}
    return {"step": n, "tokens": 100 * n, "mean": figures, "sources": {"forum": {**figures, "masked": 7}}}


CURVE = [_row(1), _row(2)]


def _write(tmp_path, **options):
    model = tiny_lm()
    folder = tmp_path / "model"
    write_model(folder, model, tokenizer(), FACTS, SOURCES, CURVE, **options)
    return model, folder


def test_plain_transformers_loads_it(tmp_path):
    model, folder = _write(tmp_path, half=False)
    again = AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.tensor([AutoTokenizer.from_pretrained(folder)("快递到了").input_ids])
    assert ids.tolist()[0] == tokenizer().encode("快递到了").ids
    assert torch.allclose(model.eval()(ids).logits, again(ids).logits, atol=1e-5)


def test_half_precision_is_half_the_size(tmp_path):
    model, folder = _write(tmp_path)
    parameters = sum(p.numel() for p in model.parameters())
    assert (folder / "model.safetensors").stat().st_size < 2.1 * parameters + 5000


def test_is_a_backbone_and_a_start_for_more_pretraining(tmp_path):
    model, folder = _write(tmp_path, half=False)
    settings = BackboneSettings(kind="local", path=str(folder))
    backbone = load_backbone(settings)
    assert not backbone.random
    ids = torch.tensor(TextEncoder(backbone.tokenizer, EncodingSettings()).encode([LINES[0]]).ids[None].astype("int64"))
    wanted = model.model.eval()(input_ids=ids).last_hidden_state
    assert torch.allclose(backbone.encoder(input_ids=ids).last_hidden_state, wanted, atol=1e-5)
    again = load_masked_lm(settings).model.state_dict()
    assert all(torch.equal(again[name], tensor) for name, tensor in model.state_dict().items())


def test_card_tells_sources_command_and_curve(tmp_path):
    _, folder = _write(tmp_path)
    card = (folder / "README.md").read_text(encoding="utf-8")
    for told in (
        "forum | CC BY | 2 | 10 | 99",
        FACTS["command"],
        "12,345 tokens",
        "No line of this text is shipped",
        "20.0%",
    ):
        assert told in card
    assert json.loads((folder / "curve.json").read_text())[1]["step"] == 2


def test_checksums_are_right(tmp_path):
    _, folder = _write(tmp_path)
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    found = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert set(found) == {p.name for p in folder.iterdir()} - {"SHA256SUMS"}
    assert all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest for name, digest in found.items())
