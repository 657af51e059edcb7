from __future__ import annotations

import pytest
from tiny_bundle import TEXTS

from xinyi.encoding import EncodingSettings, TextEncoder, shorten
from xinyi.runtime import Classifier


@pytest.mark.parametrize("strategy", ["head", "tail", "head_tail"])
def test_huge_texts_keep_the_tokens_that_the_whole_text_would_keep(classifier: Classifier, strategy: str) -> None:
    tokenizer = classifier.encoder.tokenizer
    encoder = TextEncoder(tokenizer, EncodingSettings(max_length=48, truncation=strategy))
    text = "，".join(f"{TEXTS[i % len(TEXTS)]}{i}" for i in range(5000))
    whole = tokenizer.encode(text, add_special_tokens=False).ids
    encoded = encoder.encode([text], [text])
    # The context gets at most its half share: int(45 × 0.5) tokens.
    expected = [encoder.cls_id, *whole[-22:], encoder.sep_id, *shorten(whole, 23, strategy), encoder.sep_id]
    assert encoded.ids.tolist() == expected
    assert encoded.cut.all()
