"""Predictions of a run keep to the batches that its training settled at."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tiny_training import tiny_run, tiny_split

from xinyi.pipeline.predicting import logits_of, vectors_of
from xinyi.training.predict import BATCH_TOKENS


@pytest.mark.parametrize("ask", [logits_of, vectors_of])
@pytest.mark.parametrize(("micro", "most"), [(None, BATCH_TOKENS), (24, 24), (10**6, BATCH_TOKENS)])
def test_no_more_tokens_at_once_than_in_training(ask, micro, most):
    run, split = tiny_run(), tiny_split(1000)
    run.module.micro_tokens = micro
    original, sizes = run.module.model.embed, []

    def embed(ids_BL, *rest):
        sizes.append(ids_BL.numel())
        return original(ids_BL, *rest)

    run.module.model.embed = embed
    ask(SimpleNamespace(model=run.module.model, module=run.module, encoder=SimpleNamespace(pad_id=0)), split)
    assert min(most, 256 * 11) * 0.8 < max(sizes) <= most
