"""Mahalanobis scores from the encoder's vectors, and the trained model as the suites ask it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch
from tiny_bundle import ENCODING, TASKS, TEXTS, tiny_model

from xinyi.data.tokens import EncodedSplit, encode_split
from xinyi.encoding import TextEncoder
from xinyi.evaluation.density import fit_density
from xinyi.pipeline.measure import answers_of, latency
from xinyi.pipeline.nearness import mahalanobis
from xinyi.training.predict import predict_vectors

INTENT = TASKS[2]


def table(marked: int, size: int = 16) -> pa.Table:
    """Rows with intents in turn, the last `marked` of them outside the labels."""
    labels = [None if i >= size - marked else INTENT.label_ids[i % 3] for i in range(size)]
    marks = ["yes" if label is None else None for label in labels]
    columns = {"text": TEXTS[:size], "context": [""] * size, "label.intent": pa.array(labels, pa.string())}
    return pa.table({**columns, "meta.outside.intent": pa.array(marks, pa.string())})


@pytest.fixture(scope="module")
def world():
    torch.set_num_threads(1)
    tiny = tiny_model()
    encoder = TextEncoder(tiny.tokenizer, ENCODING)
    tables = {"train": table(0), "validation": table(3), "test": table(5)}
    splits = {name: encode_split(part, encoder, [INTENT]) for name, part in tables.items()}
    whole = SimpleNamespace(micro_tokens=None)
    parts = SimpleNamespace(model=tiny.model, module=whole, splits=splits, encoder=encoder)
    return SimpleNamespace(tasks=(INTENT,), splits=tables), parts


def test_vectors_are_those_of_each_row_alone(world) -> None:
    _, parts = world
    found = predict_vectors(parts.model, parts.splits["train"], parts.encoder.pad_id)
    assert found.shape == (16, 32)
    for row in (0, 7, 15):
        encoded = parts.encoder.encode([TEXTS[row]])
        alone = predict_vectors(parts.model, EncodedSplit(encoded, {}), parts.encoder.pad_id)
        np.testing.assert_allclose(found[row], alone[0], atol=1e-5)
    assert parts.model.training


def test_scores_come_from_training_rows_alone(world) -> None:
    dataset, parts = world
    scores = mahalanobis(dataset, parts, ("validation", "test"))
    assert {split: list(tasks) for split, tasks in scores.items()} == {"validation": ["intent"], "test": ["intent"]}
    vectors = predict_vectors(parts.model, parts.splits["train"], parts.encoder.pad_id)
    density = fit_density(vectors, parts.splits["train"].targets["intent"])
    np.testing.assert_allclose(scores["test"]["intent"], density.score(vectors), rtol=1e-4)


def test_without_marked_rows_nothing_is_computed(world) -> None:
    dataset, parts = world
    plain = SimpleNamespace(tasks=dataset.tasks, splits={"test": table(0), "validation": table(0)})
    assert mahalanobis(plain, parts, ("validation", "test")) == {}


def test_the_model_answers_suites_as_it_answers_rows(world) -> None:
    _, parts = world
    answer = answers_of(parts, masking=True)
    together = answer(TEXTS, [""] * len(TEXTS))
    assert {task: logits.shape for task, logits in together.items()} == {task.id: (16, 3) for task in TASKS}
    masked = answer(["电话13912345678，请回电", "电话[手机号]，请回电"], ["", ""])["intent"]
    np.testing.assert_allclose(masked[0], masked[1], atol=1e-5)
    timed = latency(answer, table(0))
    assert 0 < timed["p50"]["value"] <= timed["p95"]["value"]
    assert timed["p50"]["n"] == 60
    assert latency(answer, table(0).slice(0, 0)) == {}
