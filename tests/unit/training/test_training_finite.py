"""A loss or gradient that is not finite: noticed at its step, named by its rows, and never saved."""

from __future__ import annotations

import pytest
import torch
from tiny_training import tiny_run

from xinyi.training.checkpoint_io import load_checkpoint
from xinyi.training.finite import FiniteWatch, NotFinite
from xinyi.training.fit import fit

NAN = float("nan")


def strike(run, batch: int, value: float = NAN) -> list[int]:
    """Let one batch's loss be `value`; its rows."""
    hits = []
    objective = run.module.objective.forward

    def forward(model, given):
        loss, each = objective(model, given)
        if run.module.trainer.fit_loop.total_batch_idx == batch:
            hits.extend(given.rows_B.tolist())
            loss = loss * value
        return loss, each

    run.module.objective.forward = forward
    return hits


@pytest.mark.parametrize("value", [NAN, float("inf")])
def test_a_loss_is_noticed_at_its_step_whatever_is_logged(tmp_path, value):
    run = tiny_run(log_every=1000, epochs=3)
    rows = strike(run, 8, value)
    with pytest.raises(NotFinite, match=r"expected a finite loss, got (nan|inf) at step 8; lower optim\.lr") as caught:
        fit(run.module, run.train, run.validation, tmp_path, run.settings)
    assert (caught.value.step, caught.value.rows) == (8, tuple(rows))
    assert all(f" {row}" in str(caught.value) for row in rows[:8])
    assert all(torch.isfinite(p).all() for p in run.module.parameters())  # a CPU asks before the weights change


@pytest.mark.parametrize("clip", [0.0, 1.0])
def test_a_gradient_is_noticed_before_it_changes_the_weights(tmp_path, clip):
    run = tiny_run(log_every=1000, epochs=3, clip=clip, accumulate=2)

    def spoil(gradient):
        return gradient * NAN if run.module.global_step == 5 else gradient

    run.module.model.heads["intent"].weight.register_hook(spoil)
    with pytest.raises(NotFinite, match="expected a finite gradient norm, got nan at step 5") as caught:
        fit(run.module, run.train, run.validation, tmp_path, run.settings)
    steps = -(-len(run.train) // 2)
    epoch, first = 5 // steps, 2 * (5 % steps)
    order = run.train.batches.epoch(epoch)[first : first + 2]
    assert caught.value.rows == tuple(row for rows_B in order for row in rows_B)  # all batches of the step
    assert all(torch.isfinite(p).all() for p in run.module.parameters())


def test_the_checkpoints_are_those_from_before(tmp_path):
    run = tiny_run(log_every=1000, epochs=3)
    strike(run, len(run.train) + 2)
    with pytest.raises(NotFinite):
        fit(run.module, run.train, run.validation, tmp_path, run.settings)
    for name in ("last.ckpt", "best.ckpt"):
        kept = load_checkpoint(tmp_path / "checkpoints" / name)
        assert kept["global_step"] == len(run.train)
        assert all(torch.isfinite(w).all() for w in kept["state_dict"].values())


class OnDevice(FiniteWatch):
    """As if values lay on a GPU."""

    def _take(self, seen):
        self._pending.append(seen)
        if seen.step - self._pending[0].step >= self.every:
            self.check()


def test_a_gpu_is_asked_every_few_steps_and_the_first_bad_step_is_named():
    watch = OnDevice(every=5)
    for step in range(5):
        watch.loss(torch.tensor(NAN if step >= 3 else 1.0), step, torch.tensor([10 * step, 10 * step + 1]))
        watch.norm(torch.tensor(1.0 if step < 3 else NAN), step)
    with pytest.raises(NotFinite, match="got nan at step 3") as caught:
        watch.loss(torch.tensor(NAN), 5, torch.tensor([50]))
    assert caught.value.rows == (30, 31)
    watch.check()  # said once


def test_nothing_is_saved_before_a_gpu_was_asked(tmp_path):
    run = tiny_run(log_every=1000, epochs=3)
    run.module.watch = OnDevice(every=10**6)
    strike(run, len(run.train) + 2)
    with pytest.raises(NotFinite, match=f"at step {len(run.train) + 2}"):
        fit(run.module, run.train, run.validation, tmp_path, run.settings)
    assert load_checkpoint(tmp_path / "checkpoints" / "last.ckpt")["global_step"] == len(run.train)


def test_rows_may_be_called_by_name():
    error = NotFinite("loss", NAN, 3, range(20)).called([f"a.jsonl row {row}" for row in range(20)])
    assert "a.jsonl row 0, a.jsonl row 1" in str(error)
    assert "and 12 more" in str(error)
    assert len(error.rows) == 20
