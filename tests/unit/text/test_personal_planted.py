"""Recall and false alarms of the masker on the planted messages."""

from __future__ import annotations

import pytest
from planted_set import read_planted, score


def test_planted_set_is_large_and_varied() -> None:
    messages = [message for part in ("dev", "heldout") for message in read_planted(part)]
    assert len({message.text for message in messages}) == len(messages) >= 400
    assert sum(not message.gold for message in messages) >= 150
    assert len({kind for message in messages for _, _, kind in message.gold}) == 15


@pytest.mark.parametrize("part", ["dev", "heldout"])
def test_recall_and_false_alarms(part: str) -> None:
    result = score(read_planted(part))
    assert result.recall(loose=False) >= 0.99
    assert result.recall(loose=True) >= 0.90
    assert result.false_alarms / result.clean <= 0.01
    assert result.stray_finds / result.finds <= 0.02
