"""Checkpoints without the weights that stand still: small, whole again in a run that goes on, refused beside others."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny_training import TinyRun, tiny_run, weights_of

from xinyi.errors import BundleError
from xinyi.training.checkpoint_io import load_checkpoint
from xinyi.training.fit import LAST, fit, load_weights
from xinyi.training.still import KEY, still_weights


def adapted(seed: int = 0, **changes: object) -> TinyRun:
    """A run in which the encoder's own weights stand still beside a head that learns."""
    run = tiny_run(seed=seed, dropout=0.0, **changes)
    run.module.model.encoder.requires_grad_(False)
    return run


def test_what_stands_still_is_known_by_its_digest_alone(tmp_path):
    run = adapted(epochs=1)
    still = set(still_weights(run.module))
    assert still == {f"model.encoder.{name}" for name, _ in run.module.model.encoder.named_parameters()}
    fit(run.module, run.train, run.validation, tmp_path, run.settings)
    checkpoint = load_checkpoint(tmp_path / "checkpoints" / LAST)
    assert len(checkpoint[KEY]) == 64
    assert set(checkpoint["state_dict"]) == set(run.module.state_dict()) - still
    assert any(name.startswith("model.heads.") for name in checkpoint["state_dict"])


def test_a_run_in_which_all_learn_keeps_all(tmp_path):
    run = tiny_run(epochs=1)
    fit(run.module, run.train, run.validation, tmp_path, run.settings)
    checkpoint = load_checkpoint(tmp_path / "checkpoints" / LAST)
    assert KEY not in checkpoint
    assert set(checkpoint["state_dict"]) == set(run.module.state_dict())


def test_resumed_it_ends_with_the_same_numbers(tmp_path):
    whole = adapted(epochs=3)
    fit(whole.module, whole.train, whole.validation, tmp_path / "whole", whole.settings)
    first = adapted(epochs=3)
    fit(first.module, first.train, first.validation, tmp_path / "parts", replace(first.settings, epochs=1))
    again = adapted(epochs=3)
    last = tmp_path / "parts" / "checkpoints" / LAST
    fit(again.module, again.train, again.validation, tmp_path / "parts", again.settings, resume=last)
    wanted, found = (weights_of(tmp_path / name / "checkpoints" / LAST) for name in ("whole", "parts"))
    assert wanted.keys() == found.keys()
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)


def test_it_is_refused_beside_another_backbone(tmp_path):
    run, other = adapted(epochs=1), adapted(seed=1, epochs=2)
    fit(run.module, run.train, run.validation, tmp_path, run.settings)
    last = tmp_path / "checkpoints" / LAST
    with pytest.raises(BundleError, match="the backbone that was adapted"):
        load_weights(other.module, last)
    with pytest.raises(BundleError, match="the backbone that was adapted"):
        fit(other.module, other.train, other.validation, tmp_path, other.settings, resume=last)
    same = adapted(epochs=1)
    load_weights(same.module, last)
    for name, weight in run.module.state_dict().items():
        assert torch.equal(same.module.state_dict()[name], weight), name


def test_a_weight_that_learns_must_be_there():
    run = adapted()
    state = {name: weight for name, weight in run.module.state_dict().items() if "heads.intent" not in name}
    with pytest.raises(RuntimeError, match=r"Missing key.*heads\.intent"):
        run.module.load_state_dict(state)
