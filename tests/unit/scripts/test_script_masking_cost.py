"""The price of masking is measured on the same rows."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from xinyi.data import Dataset
from xinyi.tasks import Label, TaskSpec

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
masking_cost = importlib.import_module("masking_cost")
TASK = TaskSpec("intent", "single", (Label("咨询"), Label("投诉")))


def _table(texts: list[str]) -> pa.Table:
    labels = ["咨询" if "请问" in text else "投诉" for text in texts]
    return pa.table({"text": texts, "label.intent": labels})


def test_rows_that_masking_changes_are_counted_and_both_are_measured():
    texts = [f"{'请问有货吗' if i % 2 else '太差了退钱'}{i}" for i in range(40)]
    train = [f"{text}，电话1381234567{i}" if i < 5 else text for i, text in enumerate(texts)]
    data = Dataset((TASK,), {"train": _table(train), "test": _table(texts[:20])}, {})
    found = masking_cost.measure(data, TASK)
    assert found["rows"] == {"learnt": 40, "test": 20}
    assert found["changed"] == {"learnt": 5, "test": 0}
    assert found["accuracy"] == [1.0, 1.0]
    assert found["difference"] == [0.0, 0.0, 0.0]


def test_the_interval_holds_the_mean():
    mean, low, high = masking_cost._difference(np.array([1.0, 0.0, -1.0, 0.0, 1.0] * 40))
    assert mean == pytest.approx(0.2)
    assert low < mean < high
