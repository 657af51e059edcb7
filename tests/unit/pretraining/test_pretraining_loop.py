"""The loop: learns, stops, goes on with the same numbers."""

from __future__ import annotations

import math

import pytest
import torch
from pretraining_world import tiny_loop

from xinyi.errors import Interrupted, TrainingError
from xinyi.pretraining.loop import LAST, PLATEAU


def test_learns_and_keeps_a_curve_of_each_source(tmp_path):
    reported = []
    loop = tiny_loop(tmp_path / "corpus", tmp_path / "run", reported=reported, tokens=30_000)
    state = loop.run()
    assert 30_000 <= state.tokens <= 31_000
    first, last = state.curve[0], state.curve[-1]
    assert set(last["sources"]) == {"long", "short"}
    assert last["mean"]["loss"] < first["mean"]["loss"] < math.log(9000)
    assert [step for values, step in reported if "pretrain/loss" in values] == list(range(2, state.step + 1, 2))
    assert (tmp_path / "run" / PLATEAU).is_file()


def test_resumed_run_ends_with_the_same_weights(tmp_path):
    whole = tiny_loop(tmp_path / "corpus", tmp_path / "whole")
    whole.run()
    calls = []

    def stop() -> bool:
        calls.append(1)
        return len(calls) == 5

    with pytest.raises(Interrupted, match="step 5"):
        tiny_loop(tmp_path / "corpus", tmp_path / "parts", stop=stop).run()
    second = tiny_loop(tmp_path / "corpus", tmp_path / "parts")
    second.load(tmp_path / "parts" / LAST)
    assert second.state.step == 5
    second.run()
    wanted = whole.model.state_dict()
    assert all(torch.equal(wanted[name], tensor) for name, tensor in second.model.state_dict().items())
    assert second.state.curve[-1] == whole.state.curve[-1]


def test_minutes_end_a_run_too(tmp_path):
    state = tiny_loop(tmp_path / "corpus", tmp_path / "run", tokens=None, minutes=0.02).run()
    assert state.seconds >= 1.2
    assert state.step >= 1


def test_a_loss_that_is_not_finite_stops_and_says_so(tmp_path):
    loop = tiny_loop(tmp_path / "corpus", tmp_path / "run")
    loop.model.head.dense.weight.data.fill_(float("nan"))
    with pytest.raises(TrainingError, match=r"finite loss, got nan at step 0; .*rows of long \(\d+\), short \(\d+\)"):
        loop.run()


def test_a_run_that_ended_goes_on_with_a_larger_budget_only(tmp_path):
    tiny_loop(tmp_path / "corpus", tmp_path / "run").run()
    same = tiny_loop(tmp_path / "corpus", tmp_path / "run")
    same.load(tmp_path / "run" / LAST)
    before = {name: tensor.clone() for name, tensor in same.model.state_dict().items()}
    step = same.state.step
    assert same.run().step == step
    assert all(torch.equal(before[name], tensor) for name, tensor in same.model.state_dict().items())
    (tmp_path / "run" / PLATEAU).unlink()
    longer = tiny_loop(tmp_path / "corpus", tmp_path / "run", tokens=14_000)
    longer.load(tmp_path / "run" / LAST)
    assert longer.run().tokens >= 14_000
    assert (tmp_path / "run" / PLATEAU).is_file()  # of the second fall


@pytest.mark.parametrize("micro_tokens", [2048, 256])
def test_a_step_is_read_once_however_many_batches_it_has(tmp_path, monkeypatch, micro_tokens):
    """Reading makes a GPU wait."""
    loop = tiny_loop(tmp_path / "corpus", tmp_path / "run", step_tokens=2048, micro_tokens=micro_tokens)
    original, read = torch.Tensor.__float__, []
    monkeypatch.setattr(torch.Tensor, "__float__", lambda tensor: read.append(1) or original(tensor))
    loop._step(loop.feed.batches(0, 1, loop.batches_a_step), 0.0)
    assert len(read) == 4  # loss, hits, asked tokens and progress, of a tensor that is on the CPU by then
