from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from tiny_bundle import ENCODING, TASKS, TEXTS, tiny_model

from xinyi.encoding import TextEncoder
from xinyi.export.golden import EDGES, golden_samples, spread
from xinyi.runtime.golden import read_golden
from xinyi.text import count_personal_data, prepare

TABLE = pa.table({"text": [f"{text}{i}" for i in range(5) for text in TEXTS], "context": [""] * (5 * len(TEXTS))})
EMPTY = TABLE.slice(0, 0)


def test_edge_cases_cover_what_they_claim() -> None:
    by_note = {sample.note: sample for sample in EDGES}
    assert len(by_note) == len(EDGES)
    empty = [sample for sample in EDGES if sample.note.startswith("empty") and not sample.context]
    assert empty
    assert all(prepare(sample.text) == "" for sample in empty)
    assert len(prepare(by_note["one character"].text)) == 1
    assert len(prepare(by_note["over the maximum length"].text)) > 1024
    assert "[手机号]" in prepare(by_note["a phone number"].text)
    assert count_personal_data(by_note["identity card"].text)
    assert prepare(by_note["context empty after cleaning"].context) == ""
    assert len(prepare(by_note["long context"].context)) > 1024


def test_literal_special_tokens_stay_text() -> None:
    encoder = TextEncoder(tiny_model().tokenizer, ENCODING)
    sample = next(sample for sample in EDGES if sample.note == "literal special tokens")
    ids = encoder.encode([prepare(sample.text)]).ids.tolist()
    assert ids.count(encoder.sep_id) == ids.count(encoder.cls_id) == 1


@pytest.mark.parametrize("count", [1, 64, 100, 300])
@pytest.mark.parametrize("table", [TABLE, EMPTY], ids=["rows", "no rows"])
def test_there_are_always_enough_rows_without_repeats(table: pa.Table, count: int) -> None:
    samples = golden_samples(table, count)
    assert len(samples) >= count
    assert len({(sample.text, sample.context) for sample in samples}) == len(samples)
    assert samples[: len(EDGES)] == list(EDGES)


def test_rows_are_spread_over_the_lengths_and_chosen_alike_each_time() -> None:
    picked = spread(TABLE, 10, "row")
    # Masking may shorten a text after it was picked.
    lengths = [len(sample.text) for sample in picked if "[" not in sample.text]
    assert len(lengths) > 7
    assert lengths == sorted(lengths)
    assert lengths[0] == min(map(len, TABLE["text"].to_pylist()))
    shuffled = TABLE.take(list(reversed(range(len(TABLE)))))
    assert spread(shuffled, 10, "row") == picked


def test_personal_data_is_masked_whatever_the_run_did() -> None:
    table = pa.table({"text": ["电话13912345678"], "context": ["加我13712345678"]})
    (sample,) = spread(table, 5, "row")
    assert (sample.text, sample.context) == ("电话[手机号]", "加我[手机号]")


def test_the_file_holds_decisions_of_every_task(bundle: Path) -> None:
    rows = read_golden(bundle)
    assert len(rows) >= 64
    assert {row.note for row in rows} >= {sample.note for sample in EDGES}
    for row in rows:
        assert list(row.tasks) == [task.id for task in TASKS]
        assert len(row.ids) <= ENCODING.max_length
        probs = row.tasks["intent"]["probabilities"]
        assert sum(probs.values()) == pytest.approx(1.0)
        assert row.tasks["intent"]["label"] == max(probs, key=probs.get)
    assert max(len(row.ids) for row in rows) == ENCODING.max_length
    # A set of rows that all get the same answer would prove little.
    assert len({row.tasks["intent"]["label"] for row in rows}) > 1
