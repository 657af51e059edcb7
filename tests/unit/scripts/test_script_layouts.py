"""scripts/compare_layouts.py: layouts of one size, and the table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_script_results import load_script
from transformers import AutoConfig, AutoModelForMaskedLM


@pytest.fixture(scope="module")
def script():
    return load_script("compare_layouts")


def test_layouts_are_of_one_size(script, tmp_path: Path) -> None:
    inner = {}
    for name in script.LAYOUTS:
        config = AutoConfig.from_pretrained(script.layout(name, tmp_path / name))
        model = AutoModelForMaskedLM.from_config(config)
        named = model.base_model.named_parameters()
        matrices = [p for n, p in named if p.ndim == 2 and "embedding" not in n and "pooler" not in n]
        inner[name] = sum(p.numel() for p in matrices)
        assert (tmp_path / name / "tokenizer.json").is_file()
    assert set(inner.values()) == {inner["modernbert"]}


def test_the_table_has_the_last_row_of_each_curve(script, tmp_path: Path) -> None:
    for arm, loss in (("bert_muon", 4.5), ("modernbert_muon", 4.25)):
        (tmp_path / arm).mkdir()
        rows = [{"tokens": 10, "mean": {"loss": 9.0, "accuracy": 0.1}}]
        rows.append({"tokens": 5_000_000, "mean": {"loss": loss, "accuracy": 0.25}})
        (tmp_path / arm / "curve.json").write_text(json.dumps(rows), encoding="utf-8")
    lines = list(script.table(tmp_path, ["modernbert_muon", "bert_muon"]))
    assert lines[2:] == [
        "| modernbert muon | 5,000,000 | 4.250 | 25.0% |",
        "| bert muon | 5,000,000 | 4.500 | 25.0% |",
    ]
