"""Recipes in a training run: each trains and changes what it should. That a resumed run is the same: integration."""

from __future__ import annotations

from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch
from tiny_training import KINDS, SIZES, tiny_run, weights_of

from xinyi.training.callbacks import BestCheckpoint
from xinyi.training.fit import build_trainer, fit
from xinyi.training.objective import Extras, drops_inside
from xinyi.training.recipes.distillation import distillation
from xinyi.training.recipes.ema import MovingAverage
from xinyi.training.recipes.pseudo import weighted
from xinyi.training.recipes.uncertainty import UncertaintyWeights

EXTRAS = {
    "rdrop": Extras(rdrop=1.0),
    "fgm": Extras(fgm=0.5),
    "samples": Extras(dropout_samples=3),
    "uncertainty": Extras(uncertainty=True),
    "contrastive": Extras(contrastive=0.5),
    "all": Extras(rdrop=0.5, fgm=0.3, dropout_samples=2, uncertainty=True),
}


def _fit(folder, **options):
    run = tiny_run(**options)
    result = fit(run.module, run.train, run.validation, folder, run.settings)
    return run, result


@pytest.mark.parametrize("optimizer", ["AdamW", "MuonAdamW"])
@pytest.mark.parametrize("name", EXTRAS)
def test_trains_and_differs_from_plain(tmp_path, name, optimizer):
    _, plain = _fit(tmp_path / "plain", epochs=1, optimizer=optimizer)
    run, result = _fit(tmp_path / "own", epochs=1, optimizer=optimizer, extras=EXTRAS[name])
    own, other = weights_of(result.best), weights_of(plain.best)
    shared = [key for key in other if key in own]
    assert all(torch.isfinite(tensor).all() for tensor in own.values())
    assert any(not torch.equal(own[key], other[key]) for key in shared)
    if EXTRAS[name].uncertainty:
        assert not torch.equal(run.module.objective.uncertainty.log_variance_T.detach(), torch.zeros(3))


def test_average_of_the_weights_is_what_is_validated_and_kept(tmp_path):
    run = tiny_run(epochs=1, patience=0)
    steps, own = [], MovingAverage(0.9)
    average = [p.detach().clone() for p in run.module.parameters()]

    class Follow(pl.Callback):
        """The average written out, and the weights that validation saw."""

        def on_train_batch_end(self, trainer, pl_module, *_):
            n = trainer.global_step
            keep = min(0.9, (1 + n) / (10 + n))
            for a, p in zip(average, pl_module.parameters(), strict=True):
                a.mul_(keep).add_((1 - keep) * p.detach())

        def on_validation_end(self, trainer, pl_module):
            steps.append([p.detach().clone() for p in pl_module.parameters()])

    best = BestCheckpoint(tmp_path)
    build_trainer(run.settings, [own, Follow(), best]).fit(run.module, run.train, run.validation)
    kept = weights_of(best.best_model_path)
    for (name, raw), wanted, seen in zip(run.module.named_parameters(), average, steps[0], strict=True):
        torch.testing.assert_close(seen, wanted)
        torch.testing.assert_close(kept[name], wanted)
        assert not torch.equal(raw, wanted)


def test_a_teacher_and_weights_of_rows_reach_the_loss():
    run = tiny_run(extras=Extras(distill=0.25), dropout=0.0)
    generator, rows = torch.Generator().manual_seed(1), len(run.train.split)
    teacher = {task: torch.randn(rows, size, generator=generator).numpy() for task, size in SIZES.items()}
    weights = (1.0 - 0.5 * (torch.arange(rows) % 3 == 0)).numpy().astype("float32")
    run.train.split = replace(run.train.split, teacher=teacher, weights=weights)
    batch = next(iter(run.train))
    model, objective = run.module.model, run.module.objective
    _, each = objective(model, batch)
    logits = model(batch.ids_BL, batch.mask_BL, batch.types_BL)
    own = torch.from_numpy(weights)[batch.rows_B]
    assert set(own.tolist()) == {0.5, 1.0}
    for task in SIZES:
        labels = weighted(objective.losses[task], logits[task], batch.targets[task], own)
        said = distillation(logits[task], torch.from_numpy(teacher[task])[batch.rows_B], KINDS[task], 2.0)
        torch.testing.assert_close(each[task], 0.75 * labels + 0.25 * said)


def test_encoders_are_asked_for_their_own_dropout():
    assert drops_inside(tiny_run(dropout=0.1).module.model.encoder.train())
    assert not drops_inside(tiny_run(dropout=0.1).module.model.encoder.eval())
    assert not drops_inside(tiny_run(dropout=0.0).module.model.encoder.train())


def test_learnt_weights_of_tasks_take_losses_from_elsewhere():
    weights = UncertaintyWeights(["sentiment", "intent"]).to("meta")
    assert weights({"sentiment": torch.tensor(0.5), "intent": torch.tensor(1.0)}).device.type == "meta"


def test_weights_that_stand_still_are_their_own_average(tmp_path):
    run, average = tiny_run(epochs=1, dropout=0.0), MovingAverage(0.9)
    run.module.model.encoder.requires_grad_(False)
    before = {name: p.detach().clone() for name, p in run.module.model.encoder.named_parameters()}
    trainer = build_trainer(run.settings, [average, BestCheckpoint(tmp_path)])
    trainer.fit(run.module, run.train, run.validation)
    learning = [p for p in run.module.parameters() if p.requires_grad]
    assert [a.shape for a in average.state_dict()["average"]] == [p.shape for p in learning]
    assert all(torch.equal(before[name], p) for name, p in run.module.model.encoder.named_parameters())
