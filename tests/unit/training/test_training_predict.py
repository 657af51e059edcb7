"""Predictions where memory is short: the same answers from smaller batches, or words that say what to do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_training import tiny_run, tiny_split

from xinyi.errors import TrainingError
from xinyi.training.predict import predict_logits, predict_vectors

OUT = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


@pytest.fixture
def model():
    return tiny_run().module.model


def refuse(model, most: int, error: Exception = OUT) -> list[int]:
    """Let no more than so many padded tokens through at once; sizes of what was tried."""
    original, sizes = model.embed, []

    def embed(ids_BL, *rest):
        sizes.append(ids_BL.numel())
        if ids_BL.numel() > most:
            raise error
        return original(ids_BL, *rest)

    model.embed = embed
    return sizes


@pytest.mark.parametrize("most", [11, 40, 300])
def test_batches_that_do_not_fit_are_halved(model, most, caplog):
    split = tiny_split(200)
    logits, vectors = predict_logits(model, split, 0), predict_vectors(model, split, 0)
    sizes = refuse(model, most)
    found = predict_logits(model, split, 0)
    for task, logits_BC in logits.items():
        np.testing.assert_allclose(found[task], logits_BC, atol=1e-5)
    assert sum(size > most for size in sizes) <= 9  # it learns what fits, and does not try every batch whole
    np.testing.assert_allclose(predict_vectors(model, split, 0), vectors, atol=1e-5)
    assert model.training
    assert "predicting with at most" in caplog.text


def test_a_row_that_does_not_fit_ends_in_words(model):
    refuse(model, 10)
    words = r"expected memory for a row of 11 tokens, got CUDA out of memory.*; lower data\.max_length"
    with pytest.raises(TrainingError, match=words):
        predict_logits(model, tiny_split(200), 0)
    assert model.training  # as it was before


def test_other_errors_are_not_taken_for_too_little_memory(model):
    sizes = refuse(model, 0, RuntimeError("shapes do not fit"))
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        predict_logits(model, tiny_split(200), 0)
    assert len(sizes) == 1
