"""The encoder inside the package: whole, small enough, and with its record."""

from __future__ import annotations

import hashlib
import json

import pytest
import torch
from safetensors import safe_open

from xinyi.encoding import EncodingSettings, TextEncoder
from xinyi.models.backbone import EMBEDDED, BackboneSettings, load_backbone
from xinyi.models.masked_lm import load_masked_lm

MOST_BYTES = 12_000_000


def test_files_are_those_that_were_summed():
    lines = (EMBEDDED / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert {"model.safetensors", "config.json", "tokenizer.json", "README.md", "curve.json"} <= set(sums)
    for name, digest in sums.items():
        assert hashlib.sha256((EMBEDDED / name).read_bytes()).hexdigest() == digest, name


def test_weights_are_half_precision_and_small():
    path = EMBEDDED / "model.safetensors"
    assert path.stat().st_size <= MOST_BYTES
    with safe_open(str(path), framework="pt") as file:
        assert {str(file.get_slice(name).get_dtype()) for name in file.keys()} == {"F16"}  # noqa: SIM118 - not a dict


def test_loads_trained_unless_asked_otherwise():
    for random in (False, True):
        backbone = load_backbone(BackboneSettings(random=random))
        assert backbone.random is random
        assert {p.dtype for p in backbone.encoder.parameters()} == {torch.float32}


def test_card_names_every_source_with_its_licence_and_the_command():
    card = (EMBEDDED / "README.md").read_text(encoding="utf-8")
    curve = json.loads((EMBEDDED / "curve.json").read_text(encoding="utf-8"))
    assert all(f"| {source} |" in card for source in curve[-1]["sources"])
    assert "not stated here" not in card
    assert "xinyi pretrain pretraining=embedded corpus=embedded" in card
    assert "No line of this text is shipped" in card
    assert curve[-1]["mean"]["loss"] < curve[0]["mean"]["loss"]


@pytest.mark.parametrize(
    ("text", "wanted"), [("我的快[MASK]到哪里了？", "递"), ("酒店的早[MASK]很丰富", "餐"), ("客[MASK]态度很好", "服")]
)
def test_fills_in_what_any_reader_would(text, wanted):
    """Weights that were mixed up in a file would fill in anything."""
    start = load_masked_lm(BackboneSettings())
    encoder, mask = TextEncoder(start.tokenizer, EncodingSettings()), start.tokenizer.token_to_id("[MASK]")
    before, after = text.split("[MASK]")
    ids = [encoder.encode([part]).ids.tolist()[1:-1] for part in (before, after)]
    row = torch.tensor([[encoder.cls_id, *ids[0], mask, *ids[1], encoder.sep_id]])
    with torch.no_grad():
        logits = start.model.eval()(input_ids=row).logits[0, 1 + len(ids[0])]
    assert wanted in [start.tokenizer.id_to_token(i) for i in logits.topk(20).indices.tolist()]
