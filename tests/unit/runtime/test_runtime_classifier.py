from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import TASKS, TEXTS

from xinyi.errors import BundleError, XinyiError
from xinyi.runtime import Classifier, load

MANY = [text * (1 + i % 4) for i, text in enumerate(TEXTS * 5)]


def test_answers_have_the_promised_shape(classifier: Classifier) -> None:
    answers = classifier.predict(TEXTS)
    assert len(answers) == len(TEXTS)
    for answer in answers:
        assert list(answer) == [task.id for task in TASKS]
        for task in TASKS:
            said = answer[task.id]
            assert list(said) == ["label", "name", "probability", "all", "abstained"]
            assert list(said["all"]) == list(task.label_ids)
        assert sum(answer["intent"]["all"].values()) == pytest.approx(1.0)
        assert answer["intent"]["label"] == max(answer["intent"]["all"], key=answer["intent"]["all"].get)
        assert (
            answer["intent"]["name"]
            == {"refund": "退款", "logistics": "物流", "praise": "表扬"}[answer["intent"]["label"]]
        )
    assert len({answer["intent"]["label"] for answer in answers}) > 1


def test_order_and_company_do_not_matter(classifier: Classifier) -> None:
    contexts = [None if i % 2 else "您好，请问" for i in range(len(MANY))]
    together = classifier.logits(MANY, contexts)
    alone = [classifier.logits([text], [turn]) for text, turn in zip(MANY, contexts, strict=True)]
    for task in TASKS:
        expected = np.concatenate([row[task.id] for row in alone])
        np.testing.assert_allclose(together[task.id], expected, atol=2e-5)


def test_context_and_masking_reach_the_model(classifier: Classifier) -> None:
    plain, turned = classifier.logits(["不错"]), classifier.logits(["不错"], ["退货退款"])
    assert not np.allclose(plain["intent"], turned["intent"])
    one, two = classifier.logits(["电话13912345678"]), classifier.logits(["电话13987654321"])
    np.testing.assert_array_equal(one["intent"], two["intent"])


def test_no_texts_no_answers(classifier: Classifier) -> None:
    assert classifier.predict([]) == []
    assert classifier.logits([])["emotion"].shape == (0, 3)


@pytest.mark.parametrize(
    ("texts", "contexts", "named"),
    [
        (["好", 5, "差"], None, "text at position 1 (from 0): expected a string, got int"),
        (["好", None], None, "position 1"),
        (["好", ["差"]], None, "got list"),
        (["好", float("nan")], None, "got float"),
        (["好"], [7], "context at position 0"),
        (["好"], ["a", "b"], "expected 1 contexts"),
        ("好", None, "put a single text in a list"),
        (None, None, "expected a list of texts"),
        ({"text": "好"}, None, "got one dict"),
        (b"abc", None, "got one bytes"),
    ],
)
def test_what_is_no_text_is_refused_by_position(classifier: Classifier, texts, contexts, named: str) -> None:
    with pytest.raises(XinyiError) as caught:
        classifier.predict(texts, contexts)
    assert isinstance(caught.value, TypeError)
    assert named in str(caught.value)
    assert "差" not in str(caught.value)


def test_many_strays_are_counted_not_listed(classifier: Classifier) -> None:
    with pytest.raises(XinyiError) as caught:
        classifier.predict([1] * 5000)
    assert "4990 more" in str(caught.value)
    assert len(str(caught.value)) < 3000


@pytest.mark.parametrize(
    "text", ["", "\ud800", "\udc00好\ud83d", "a\x00b", "\u202e退款", "好" * 1_000_000, "\u0300" * 5000]
)
def test_hostile_texts_get_an_answer(classifier: Classifier, text: str) -> None:
    (answer,) = classifier.predict([text], [text])
    assert np.isfinite(answer["intent"]["probability"])


def test_threads_get_their_own_answers(classifier: Classifier) -> None:
    expected = classifier.logits(MANY)
    gate = threading.Barrier(8)

    def call(shift: int) -> bool:
        rows = np.roll(np.arange(len(MANY)), shift)
        gate.wait(10)
        got = classifier.logits([MANY[i] for i in rows])
        return all(np.allclose(got[task.id], expected[task.id][rows], atol=2e-5) for task in TASKS)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(call, range(8)))


def test_load_refuses_what_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such folder"):
        load(tmp_path / "nothing")
    with pytest.raises(BundleError, match="expected a bundle"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["labels.json", "tokenizer.json", "model.onnx"])
def test_load_refuses_changed_files(spoiled: Path, name: str) -> None:
    with (spoiled / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(BundleError, match=name):
        load(spoiled)
