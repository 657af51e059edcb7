"""The Lightning module: what it optimises, what it logs, and where it refuses to go on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_lightning.loggers.logger import Logger
from tiny_training import tiny_run, tiny_split

from xinyi.errors import BundleError, TrainingError
from xinyi.training.fit import FitSettings, fit, load_weights, total_steps
from xinyi.training.loader import collate
from xinyi.training.optim import course
from xinyi.training.predict import predict_logits


class Notes(Logger):
    """Keeps what was logged."""

    name, version = "notes", "0"

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, dict[str, float]]] = []

    def log_metrics(self, metrics, step=None):
        self.seen.append((step, dict(metrics)))

    def log_hyperparams(self, *_, **__):
        pass

    def of(self, name: str) -> list[tuple[int, float]]:
        return [(step, values[name]) for step, values in self.seen if name in values]


def test_the_loss_is_the_weighted_sum_of_the_heads():
    run = tiny_run(dropout=0.0)
    run.module.objective.weights = {"sentiment": 2.0, "emotion": 0.5, "intent": 0.0}
    batch = next(iter(run.train))
    logits = run.module(batch)
    expected = 2.0 * run.module.objective.losses["sentiment"](logits["sentiment"], batch.targets["sentiment"])
    expected = expected + 0.5 * run.module.objective.losses["emotion"](logits["emotion"], batch.targets["emotion"])
    total, each = run.module.objective(run.module.model, batch)
    torch.testing.assert_close(total, expected)
    assert list(each) == ["sentiment", "emotion", "intent"]


def test_a_head_without_labels_in_the_batch_gets_a_zero_gradient_not_none():
    run = tiny_run()
    batch = next(iter(run.train))
    batch.targets["intent"] = torch.full_like(batch.targets["intent"], -1)
    loss, _ = run.module.objective(run.module.model, batch)
    loss.backward()
    assert (run.module.model.heads["intent"].weight.grad == 0).all()
    assert run.module.model.heads["sentiment"].weight.grad.abs().sum() > 0
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in run.module.parameters())


def test_one_epoch_is_the_textbook_loop(tmp_path):
    """The same weights as a loop written here: order, clipping, rate, loss, without Lightning."""
    run = tiny_run(epochs=2, dropout=0.0)
    other = tiny_run(epochs=2, dropout=0.0)
    fit(run.module, run.train, run.validation, tmp_path, run.settings)
    optimizer, factor = other.module.make_optimizer(other.module.model)
    base = [group["lr"] for group in optimizer.param_groups]
    step = 0
    for epoch in range(2):
        for rows_B in other.train.batches.epoch(epoch):
            batch = collate(other.train.split, rows_B, 0)
            optimizer.zero_grad()
            logits = other.module.model(batch.ids_BL, batch.mask_BL, batch.types_BL)
            sum(other.module.objective.losses[task](logits[task], batch.targets[task]) for task in logits).backward()
            torch.nn.utils.clip_grad_norm_(other.module.parameters(), 1.0)
            for group, rate in zip(optimizer.param_groups, base, strict=True):
                group["lr"] = rate * factor(step)
            optimizer.step()
            step += 1
    for name, weight in other.module.state_dict().items():
        torch.testing.assert_close(run.module.state_dict()[name], weight, rtol=1e-5, atol=1e-6, msg=name)


def test_what_is_logged(tmp_path):
    notes = Notes()
    scores = {"sentiment": 0.25, "emotion": float("nan"), "intent": 0.75}
    run = tiny_run(score=lambda task, *_: scores[task], epochs=2, log_every=3)
    fit(run.module, run.train, run.validation, tmp_path, run.settings, [notes])
    steps = len(run.train) * 2
    assert [step for step, _ in notes.of("train/loss")] == list(range(0, steps, 3))
    heads = [notes.of(f"train/{task}/loss") for task in scores]
    for (step, total), *each in zip(notes.of("train/loss"), *heads, strict=True):
        assert all(own == step for own, _ in each)
        assert total == pytest.approx(sum(value for _, value in each), rel=1e-5)
    factor = course(steps, 0.1, "linear")
    assert notes.of("train/lr") == [(step, pytest.approx(1e-3 * factor(step))) for step in range(0, steps, 3)]
    # A task without a metric does not count in the mean.
    assert [value for _, value in notes.of("val/primary")] == [0.5, 0.5]
    assert [value for _, value in notes.of("val/intent")] == [0.75, 0.75]
    # Steps count from 0, so the last of an epoch has this number.
    assert [step for step, _ in notes.of("val/loss")] == [len(run.train) - 1, steps - 1]


def test_validation_scores_all_rows_at_once_in_evaluation_mode(tmp_path):
    seen = {}

    def score(task, target, logits):
        seen[task] = (target, logits)
        return 0.5

    run = tiny_run(score=score, epochs=1, dropout=0.5)
    fit(run.module, run.train, run.validation, tmp_path, run.settings)
    split, rows = run.validation.split, np.concatenate(run.validation.batches.epoch(0))
    run.module.eval()
    expected = predict_logits(run.module.model, split, 0)
    for task, (target, logits) in seen.items():
        np.testing.assert_array_equal(target, split.targets[task][rows])
        np.testing.assert_allclose(logits, expected[task][rows], atol=1e-5)
    assert run.module.last_loss is not None


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_training_in_words(tmp_path, value):
    run = tiny_run()
    original = run.module.objective.losses["intent"]

    def loss(logits, target):
        return original(logits, target) * (value if run.module.global_step == 5 else 1.0)

    run.module.objective.losses["intent"] = loss
    with pytest.raises(TrainingError, match=r"expected a finite loss, got (nan|inf) at step 5; lower optim\.lr"):
        fit(run.module, run.train, run.validation, tmp_path, run.settings)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, 40), ({"accumulate": 3}, 16), ({"max_steps": 7}, 7), ({"max_steps": 99}, 40), ({"epochs": 1}, 10)],
)
def test_the_steps_of_a_run(changes, expected):
    assert total_steps(10, FitSettings(**({"epochs": 4} | changes))) == expected


@pytest.mark.parametrize("accumulate", [1, 2, 3])
def test_the_steps_counted_are_the_steps_made(tmp_path, accumulate):
    run = tiny_run(epochs=2, accumulate=accumulate)
    result = fit(run.module, run.train, run.validation, tmp_path, run.settings)
    assert result.steps == total_steps(len(run.train), run.settings)


def test_gradients_are_clipped_by_their_norm():
    run = tiny_run()
    for parameter in run.module.parameters():
        parameter.grad = torch.full_like(parameter, 3.0)
    run.module.configure_gradient_clipping(None, 1.0)
    norm = torch.stack([p.grad.norm() for p in run.module.parameters()]).norm()
    assert norm == pytest.approx(1.0, abs=1e-4)
    for parameter in run.module.parameters():
        parameter.grad = torch.full_like(parameter, 3.0)
    run.module.configure_gradient_clipping(None, None)
    assert all((p.grad == 3.0).all() for p in run.module.parameters())


def test_predictions_are_in_the_order_of_the_rows():
    run = tiny_run(dropout=0.5)
    split = tiny_split(30, seed=4)
    run.module.model.train()
    found = predict_logits(run.module.model, split, 0, batch_tokens=40, batch_rows=4)
    assert run.module.model.training  # as it was before
    run.module.model.eval()
    for row in range(30):
        batch = collate(split, np.array([row]), 0)
        with torch.no_grad():
            alone = run.module.model(batch.ids_BL, batch.mask_BL, batch.types_BL)
        for task, logits_BC in alone.items():
            np.testing.assert_allclose(found[task][row], logits_BC[0].numpy(), atol=1e-5)


def test_the_weights_of_another_model_are_refused(tmp_path):
    run = tiny_run(epochs=1)
    result = fit(run.module, run.train, run.validation, tmp_path, run.settings)
    other = tiny_run(seed=5)
    load_weights(other.module, result.best)
    assert all(torch.equal(w, run.module.state_dict()[name]) for name, w in other.module.state_dict().items())
    other.module.model.heads["intent"] = torch.nn.Linear(32, 9)
    with pytest.raises(BundleError, match=r"best\.ckpt: expected weights of this model"):
        load_weights(other.module, result.best)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_it_learns_thirty_two_rows_by_heart(tmp_path, precision):
    run = tiny_run(rows=32, epochs=25, dropout=0.0, precision=precision)
    run.module.make_optimizer = lambda model: (torch.optim.AdamW(model.parameters(), lr=1e-2), lambda step: 1.0)
    fit(run.module, run.train, run.validation, tmp_path, run.settings)
    logits, targets = predict_logits(run.module.model, run.train.split, 0), run.train.split.targets
    for task in ("sentiment", "intent"):
        labelled = targets[task] >= 0
        assert (logits[task].argmax(1) == targets[task])[labelled].all()
    labelled = (targets["emotion"] >= 0).all(axis=1)
    assert ((logits["emotion"] > 0) == (targets["emotion"] > 0))[labelled].all()
