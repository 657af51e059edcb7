"""Answers on disk, and rows matched by content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyi.errors import BundleError
from xinyi.evaluation.answers import SplitAnswers, TaskAnswers, read_answers, write_answers
from xinyi.evaluation.paired.match import OtherRows, make_pair

PLAIN = {"temperature": 1.0, "thresholds": [], "abstain_below": 0.0}
LABELS = ("退货", "咨询", "投诉")


def make_answers(order: list[int], seed: int = 0, labels: tuple[str, ...] = LABELS) -> SplitAnswers:
    """Eight rows, two of them with one content, in the given order."""
    rng = np.random.default_rng(7)
    ids = np.array(["a", "b", "c", "c", "e", "f", "g", "h"])
    gold = rng.integers(3, size=8)
    logits = np.random.default_rng(seed).normal(size=(8, 3)).astype(np.float32)
    logits[3] = logits[2]  # one content, one answer
    columns = [LABELS.index(label) for label in labels]
    task = TaskAnswers("single", labels, np.arange(8), np.argsort(columns)[gold[order]], logits[order][:, columns])
    slices = {"渠道": np.array(["微博", "", "电话", "电话"] * 2)[order]}
    return SplitAnswers(ids[order], np.arange(8), {"意图": task}, slices)


@given(st.permutations(range(8)))
def test_rows_are_matched_in_whatever_order(order: list[int]) -> None:
    still = make_pair(make_answers(list(range(8))), make_answers(list(range(8)), 1), "意图", (PLAIN, PLAIN))
    moved = make_pair(make_answers(list(range(8))), make_answers(list(order), 1), "意图", (PLAIN, PLAIN))
    np.testing.assert_array_equal(still.gold, moved.gold)
    np.testing.assert_allclose(still.champion.probs_BC, moved.champion.probs_BC)
    assert list(still.slices["渠道"]) == list(moved.slices["渠道"])


def test_labels_in_another_order_are_put_right() -> None:
    rows = list(range(8))
    one = make_pair(make_answers(rows), make_answers(rows, 1), "意图", (PLAIN, PLAIN))
    other = make_pair(make_answers(rows), make_answers(rows, 1, LABELS[::-1]), "意图", (PLAIN, PLAIN))
    np.testing.assert_allclose(one.champion.probs_BC, other.champion.probs_BC)
    np.testing.assert_array_equal(one.gold, other.gold)


def test_other_rows_are_refused() -> None:
    rows = list(range(8))
    ours, theirs = make_answers(rows), make_answers(rows, 1)
    renamed = replace(theirs, ids=np.where(theirs.ids == "h", "z", theirs.ids))
    relabelled = make_answers(rows, 1)
    relabelled.tasks["意图"].gold[5] += 1 if relabelled.tasks["意图"].gold[5] < 2 else -1
    short = replace(
        theirs.tasks["意图"], rows=rows[:3] + rows[4:], gold=theirs.tasks["意图"].gold[[0, 1, 2, 4, 5, 6, 7]]
    )
    short = replace(short, logits_BC=short.logits_BC[:7], rows=np.array(short.rows))
    for other, words in (
        (renamed, "1 texts only the candidate has, 1 only the champion"),
        (relabelled, "1 rows have other gold labels"),
        (replace(theirs, tasks={"意图": short}), "8 rows, the champion on 7"),
        (replace(theirs, tasks={}), "the champion has no answers for task 意图"),
        (replace(theirs, tasks={"意图": replace(theirs.tasks["意图"], labels=("x", "y", "z"))}), "other labels"),
    ):
        with pytest.raises(OtherRows, match=words):
            make_pair(ours, other, "意图", (PLAIN, PLAIN))


def test_one_model_is_recognised_in_two_formats() -> None:
    rows = list(range(8))
    ours = make_answers(rows)
    nudged = replace(ours.tasks["意图"], logits_BC=ours.tasks["意图"].logits_BC + np.float32(1e-6))
    assert make_pair(ours, replace(ours, tasks={"意图": nudged}), "意图", (PLAIN, PLAIN)).identical
    assert not make_pair(ours, make_answers(rows, 1), "意图", (PLAIN, PLAIN)).identical


def test_answers_come_back_from_disk(tmp_path: Path) -> None:
    written = {"test": make_answers(list(range(8))), "validation": make_answers([3, 1, 0, 2, 5, 4, 7, 6], 1)}
    write_answers(written, tmp_path)
    found = read_answers(tmp_path)
    assert found is not None
    assert {name: split.digest() for name, split in found.items()} == {n: s.digest() for n, s in written.items()}
    assert found["test"].tasks["意图"].labels == LABELS
    assert list(found["test"].slices["渠道"]) == ["微博", "", "电话", "电话"] * 2
    assert read_answers(tmp_path / "none") is None


def test_the_digest_sees_every_change() -> None:
    whole = make_answers(list(range(8)))
    task = whole.tasks["意图"]
    others = [
        make_answers([1, 0, *range(2, 8)]),
        replace(whole, ids=whole.ids[::-1]),
        replace(whole, units=whole.units[::-1]),
        replace(whole, slices={}),
        replace(whole, tasks={"意图": replace(task, logits_BC=task.logits_BC[::-1])}),
        replace(whole, tasks={"意图": replace(task, labels=LABELS[::-1])}),
        replace(whole, tasks={"另": task}),
    ]
    assert len({found.digest() for found in (whole, *others)}) == 8


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"not a zip"])
def test_a_damaged_file_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "answers.npz").write_bytes(content)
    with pytest.raises(BundleError, match="evaluate again"):
        read_answers(tmp_path)
