"""Flipped rows and the n-grams that tell them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from xinyi.errors import BundleError
from xinyi.evaluation.answers import SplitAnswers, TaskAnswers, read_answers, write_answers
from xinyi.evaluation.compare.build import Side, compare
from xinyi.evaluation.compare.flips import flips
from xinyi.evaluation.compare.ngrams import telling_ngrams
from xinyi.evaluation.compare.pages import render_console, render_markdown
from xinyi.evaluation.paired.match import make_pair

PLAIN = {"temperature": 1.0, "thresholds": [], "abstain_below": 0.0}
LABELS = ("退货", "咨询", "投诉")
SIZE = 60
# Every third text says 保修; the second model calls these 投诉.
TEXTS = [f"保修单{row}号在哪" if row % 3 == 0 else f"快递第{row}天没到" for row in range(SIZE)]
GOLD = np.array([0 if row % 3 == 0 else 1 + row % 2 for row in range(SIZE)])


def make_side(name: str, given: np.ndarray, kind: str = "single") -> Side:
    """A run whose decisions are `given`: (B,) indices, or (B, C) 0/1."""
    if kind == "multi":
        gold = np.eye(3, dtype=np.int64)[GOLD]
        task = TaskAnswers("multi", LABELS, np.arange(SIZE), gold, (given * 8.0 - 4.0).astype(np.float32))
    else:
        logits = np.eye(3)[given] * 4.0 + np.linspace(0, 1, SIZE)[:, None]
        task = TaskAnswers("single", LABELS, np.arange(SIZE), GOLD, logits.astype(np.float32))
    split = SplitAnswers(np.array([f"{row:04}" for row in range(SIZE)]), np.arange(SIZE), {"意图": task})
    report = {"primary": {"意图": "macro_f1"}, "decoding": {"意图": PLAIN}, "run": {"name": name}}
    return Side(name, report, {"test": split}, {"test": TEXTS})


def worse() -> np.ndarray:
    """All right but for the texts about 保修, and one that moves from wrong to wrong."""
    return np.where(np.arange(SIZE) % 3 == 0, 2, GOLD)


def before() -> np.ndarray:
    """All right but for two rows."""
    given = GOLD.copy()
    given[1], given[3] = 0, 1
    return given


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_flips_both_ways_are_grouped_by_label_pair(kind: str) -> None:
    sides = [worse(), before()]
    if kind == "multi":
        sides = [np.eye(3, dtype=np.int64)[given] for given in sides]
    ours, theirs = (make_side(name, given, kind) for name, given in zip("ab", sides, strict=True))
    pair = make_pair(ours.answers["test"], theirs.answers["test"], "意图", (PLAIN, PLAIN))
    found = flips(pair, TEXTS)
    assert {way: found[way]["rows"] for way in found} == {"won": 1, "lost": 19, "moved": 1}
    assert [(g["gold"], g["before"], g["after"], g["rows"]) for g in found["lost"]["groups"]] == [
        ("退货", "退货", "投诉", 19)
    ]
    assert found["moved"]["groups"][0]["before"] == "咨询"
    assert len(found["lost"]["groups"][0]["examples"]) == 3
    assert all("保修单" in text for text in found["lost"]["groups"][0]["examples"])
    assert found["lost"]["ngrams"][0]["ngram"].startswith("保修单")
    assert found["lost"]["ngrams"][0]["inside"] == 19
    bare = flips(pair, None)
    assert bare["lost"]["rows"] == 19
    assert bare["lost"]["ngrams"] == bare["lost"]["groups"][0]["examples"] == []


def test_long_examples_are_cut() -> None:
    ours, theirs = make_side("a", worse()), make_side("b", GOLD)
    pair = make_pair(ours.answers["test"], theirs.answers["test"], "意图", (PLAIN, PLAIN))
    found = flips(pair, [text * 100 for text in TEXTS])
    assert {len(text) for text in found["lost"]["groups"][0]["examples"]} == {120}


@given(st.lists(st.text("的好差退货 ", min_size=0, max_size=6), min_size=8, max_size=30), st.data())
def test_ngrams_are_counted_once_a_row(texts: list[str], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(texts) - 1), unique=True, min_size=1))
    for item in telling_ngrams(texts, chosen):
        assert item.inside == sum(item.ngram in texts[row] for row in chosen) >= 3
        assert item.everywhere == sum(item.ngram in text for text in texts)
        raw = hypergeom.sf(item.inside - 1, len(texts), item.everywhere, len(chosen))
        assert raw <= item.p + 1e-12 <= 0.05 + 1e-12
        assert " " not in item.ngram


def test_no_ngram_tells_rows_drawn_at_random() -> None:
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("快递没到退货差好客服催件"), 8)) for _ in range(300)]
    found = [bool(telling_ngrams(texts, rng.choice(300, 40, replace=False).tolist())) for _ in range(40)]
    assert np.mean(found) <= 0.1


def test_each_run_is_compared_with_the_first() -> None:
    found = compare([make_side("first", GOLD), make_side("second", worse()), make_side("third", before())])
    assert [(one["run"], one["against"]) for one in found["comparisons"]] == [("second", "first"), ("third", "first")]
    accuracy = found["comparisons"][0]["tasks"]["意图"]["metrics"]["accuracy"]
    assert (accuracy["run"], accuracy["against"]) == (40 / 60, 1.0)
    assert accuracy["value"] == pytest.approx(-20 / 60)
    assert accuracy["p"] < 0.001
    assert accuracy["test"] == "mcnemar"
    assert "top3_accuracy" not in found["comparisons"][0]["tasks"]["意图"]["metrics"]  # three labels have no top 3
    json.dumps(found, allow_nan=False)


def test_pages_say_what_was_found() -> None:
    ours = make_side("now", worse())
    ours = replace(ours, texts={"test": [text.replace("保修单", "<b>|保修单") for text in TEXTS]})
    found = compare([make_side("before", before()), ours])
    console, page = render_console(found), render_markdown(found)
    assert "19 rows wrong now, right before" in console
    assert "gold 退货: 退货 → 投诉" in console
    assert all(len(line) < 125 for line in console.splitlines())
    assert "| 19 | 退货 | 退货 | 投诉 | &lt;b>\\|保修单" in page
    assert "**macro_f1**" in page
    tables = [line for line in page.splitlines() if line.startswith("| 19")]
    assert tables[0].replace("\\|", "").count("|") == 6


def test_runs_on_other_rows_are_refused() -> None:
    ours, theirs = make_side("a", GOLD), make_side("b", worse())
    split = theirs.answers["test"]
    others = replace(theirs, answers={"test": replace(split, ids=np.char.add(split.ids, "x"))})
    for sides, words in (
        ([ours], "two runs"),
        ([ours, others], "same rows"),
        ([ours, replace(theirs, answers={})], "answers of the split test"),
        ([ours, replace(theirs, report={"decoding": {}})], "same rows"),
    ):
        with pytest.raises(BundleError, match=words):
            compare(sides)


def test_runs_that_answer_alike_are_not_called_different() -> None:
    found = compare([make_side("一", GOLD), make_side("二", GOLD)])
    metrics = found["comparisons"][0]["tasks"]["意图"]["metrics"]
    assert {entry["p"] for entry in metrics.values()} == {1.0}


def test_a_slice_may_be_called_about(tmp_path: Path) -> None:
    split = replace(make_side("一", GOLD).answers["test"], slices={"about": np.array(["甲", "乙"] * (SIZE // 2))})
    write_answers({"test": split}, tmp_path)
    assert (read_answers(tmp_path) or {})["test"].slices["about"].tolist()[:2] == ["甲", "乙"]
