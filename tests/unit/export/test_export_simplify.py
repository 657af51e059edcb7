"""A model whose texts were simplified answers from its bundle as it was trained."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from tiny_bundle import ENCODING, SETTINGS, export_tiny, tiny_model

from xinyi.errors import BundleError
from xinyi.runtime import load
from xinyi.text import script

TRADITIONAL, SIMPLIFIED = "質量差得離譜，請轉人工", "质量差得离谱，请转人工"


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """Two bundles of one model: with and without simplified characters."""
    folder = tmp_path_factory.mktemp("simplify")
    settings = replace(SETTINGS, formats=("safetensors", "onnx"))
    for name, simplify in (("plain", False), ("simple", True)):
        export_tiny(folder / name, tiny_model(), encoding=replace(ENCODING, simplify=simplify), settings=settings)
    return folder


def test_both_scripts_get_the_same_answer(bundles):
    one, two = load(bundles / "simple").logits([TRADITIONAL, SIMPLIFIED])["intent"]
    np.testing.assert_array_equal(one, two)
    one, two = load(bundles / "plain").logits([TRADITIONAL, SIMPLIFIED])["intent"]
    assert not np.allclose(one, two)


def test_the_golden_rows_hold_what_the_encoder_took(bundles):
    rows = [json.loads(line) for line in (bundles / "simple" / "golden.jsonl").read_text(encoding="utf-8").splitlines()]
    (row,) = (row for row in rows if row["note"] == "traditional")
    assert row["text"].startswith("請問這個訂單")
    assert row["prepared"][0].startswith("请问这个订单")


def test_without_opencc_the_bundle_says_what_is_missing(bundles, monkeypatch):
    script._converter.cache_clear()
    monkeypatch.setitem(sys.modules, "opencc", None)
    with pytest.raises(BundleError, match=r"OpenCC.*pip install OpenCC"):
        load(bundles / "simple")
    assert load(bundles / "plain").logits([TRADITIONAL])
    monkeypatch.undo()
    script._converter.cache_clear()
