"""The trained model as suites ask it: its texts are prepared as in training and serving."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from xinyi.encoding import EncodingSettings, TextEncoder
from xinyi.models.backbone import BackboneSettings, load_tokenizer
from xinyi.pipeline import predicting
from xinyi.pipeline.measure import answers_of


@pytest.mark.parametrize(("simplify", "wanted"), [(True, "请问订单"), (False, "請問訂單")])
def test_texts_are_prepared_as_in_training(monkeypatch, simplify, wanted):
    seen = []
    monkeypatch.setattr(predicting, "logits_of", lambda parts, split: seen.append(split.encoded))
    encoder = TextEncoder(load_tokenizer(BackboneSettings()), EncodingSettings(simplify=simplify))
    answers_of(SimpleNamespace(encoder=encoder), masking=True)(["請問訂單"], [""])
    expected = encoder.encode([wanted])
    assert seen[0].ids.tolist() == expected.ids.tolist()
