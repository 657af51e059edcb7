"""Whatever callers hand in: an answer or a clear error, never a crash, and never a wrong answer under many callers."""

from __future__ import annotations

import gc
import json
import resource
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from xinyi.runtime import Classifier, InputError, predict_file
from xinyi.runtime.golden import read_golden

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Surrogates, controls, marks and unassigned characters as well.
ANY_TEXT = st.text(st.characters(), max_size=200)
ODD = (
    "\ud800",
    "\udfff\ud800",
    "\x00",
    "\u202e\u2066abc\u2069",
    "\u0301" * 5000,
    "[CLS][SEP]" * 50,
    "👩‍👩‍👧‍👦" * 40,
    "\uffff",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def whole(answer: dict[str, Any]) -> None:
    """A complete answer with probabilities that are some."""
    assert set(answer) == {"sentiment", "emotion", "intent"}
    for said in answer.values():
        assert set(said) == {"label", "name", "probability", "all", "abstained"}
        assert all(0.0 <= p <= 1.0 for p in said["all"].values())


@QUICK
@given(st.lists(ANY_TEXT, max_size=4))
def test_any_text_gets_a_whole_answer(classifier: Classifier, texts: list[str]) -> None:
    answers = classifier.predict(texts)
    assert len(answers) == len(texts)
    for answer in answers:
        whole(answer)


@pytest.mark.parametrize("text", ["", *ODD, "好" * 1_000_000, "a" * 1_000_000], ids=lambda text: repr(text[:6]))
def test_hostile_texts(classifier: Classifier, text: str) -> None:
    for answer in classifier.predict([text, "好"], [None, text]):
        whole(answer)


@QUICK
@given(st.lists(JSON, max_size=4), st.none() | st.lists(JSON, max_size=4))
def test_anything_else_is_an_error_that_quotes_no_text(
    classifier: Classifier, texts: list, contexts: list | None
) -> None:
    good = all(isinstance(text, str) for text in texts)
    fits = contexts is None or (len(contexts) == len(texts) and all(c is None or isinstance(c, str) for c in contexts))
    if good and fits:
        assert len(classifier.predict(texts, contexts)) == len(texts)
        return
    with pytest.raises(InputError) as caught:
        classifier.predict(texts, contexts)
    words = [value for value in [*texts, *(contexts or [])] if isinstance(value, str) and len(value) > 20]
    assert not any(word in str(caught.value) for word in words)


@pytest.mark.parametrize("given", ["text", b"bytes", 5, None, {"text": "好"}, object()])
def test_what_is_no_list_is_an_error(classifier: Classifier, given: Any) -> None:
    with pytest.raises(InputError):
        classifier.predict(given)


@example([{"text": "好", "context": 0}, {"text": "好", "context": {}}, {"text": "好", "context": [None]}])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["text", "context", "intent", "error", "x"]), JSON, max_size=4), max_size=6
    )
)
def test_any_row_of_a_file_comes_out_again(classifier: Classifier, tmp_path: Path, rows: list[dict]) -> None:
    lines = [json.dumps(row) for row in rows]
    content = "".join(line + "\n" for line in ['{"text": "好", "context": null}', *lines])
    (tmp_path / "in.jsonl").write_text(content, encoding="utf-8")
    done = predict_file(classifier, tmp_path / "in.jsonl", tmp_path / "out.jsonl", context_column="context", workers=1)
    out = [json.loads(line) for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    assert done.rows == len(out) == len(rows) + 1
    for row, found in zip(lines, out[1:], strict=True):
        kept = {key: found[key] for key in json.loads(row)}
        assert json.dumps(kept, sort_keys=True) == json.dumps(json.loads(row), sort_keys=True)
        assert isinstance(found[f"{done.prefix}intent"], str) != (f"{done.prefix}error" in found)


def hammer(classifier: Classifier, bundle: Path, callers: int, seconds: float) -> list[str]:
    """Many callers at once for some time; what any of them got wrong."""
    rows = [row for row in read_golden(bundle) if not row.context]
    texts = [row.text for row in rows]
    wanted = [row.tasks["intent"]["probabilities"] for row in rows]
    end, wrong = time.monotonic() + seconds, []
    start = threading.Barrier(callers)

    def call(caller: int) -> None:
        start.wait()
        turn = caller
        while time.monotonic() < end and not wrong:
            picked = [(turn + step) % len(rows) for step in range(turn % 5 + 1)]
            for i, answer in zip(picked, classifier.predict([texts[i] for i in picked]), strict=True):
                gap = max(abs(answer["intent"]["all"][label] - p) for label, p in wanted[i].items())
                if gap > 1e-5:
                    wrong.append(f"{rows[i].note}: {gap}")
            turn += 7

    with ThreadPoolExecutor(callers) as pool:
        list(pool.map(call, range(callers)))
    return wrong


def test_many_callers_get_right_answers(classifier: Classifier, bundle: Path) -> None:
    assert hammer(classifier, bundle, 16, 1.0) == []


@pytest.mark.slow
def test_a_hundred_callers_for_a_minute_without_growth(classifier: Classifier, bundle: Path) -> None:
    assert hammer(classifier, bundle, 100, 15.0) == []
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert hammer(classifier, bundle, 100, 60.0) == []
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes: the highest so far, which a leak would push up minute by minute.
    assert after - before < 64 * 1024


@pytest.mark.slow
def test_memory_of_a_hundred_times_more_rows(classifier: Classifier, tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        with (tmp_path / "in.csv").open("w", encoding="utf-8") as file:
            file.write("id,text\n")
            file.writelines(f"{i},好的{i}\n" for i in range(rows))
        predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.csv")
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    small = peak(2_000)
    assert peak(200_000) - small < 48 * 1024
