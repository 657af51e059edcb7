"""What a training step minimises: the tasks' losses, and what recipes add to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from xinyi.models.classifier import MultiTaskClassifier
from xinyi.tasks.counts import Counts
from xinyi.tasks.losses import Loss
from xinyi.training.loader import Batch
from xinyi.training.recipes.contrastive import contrastive
from xinyi.training.recipes.distillation import distillation
from xinyi.training.recipes.fgm import adversarial_loss
from xinyi.training.recipes.pseudo import weighted
from xinyi.training.recipes.rdrop import disagreement
from xinyi.training.recipes.uncertainty import UncertaintyWeights

Losses = dict[str, Tensor]


@dataclass(frozen=True)
class Extras:
    """Recipes that change the objective; the defaults change nothing.

    rdrop: weight of the disagreement between two passes. fgm: length of the adversarial move of the embeddings.
    dropout_samples: dropout masks on the pooled vector, whose losses are averaged (Inoue 2019).
    uncertainty: learn the tasks' weights. distill: share of what the teacher says in a task's loss, at a temperature.
    contrastive: share of the contrastive loss of the pooled vectors in a task's loss, at a temperature.
    """

    rdrop: float = 0.0
    fgm: float = 0.0
    dropout_samples: int = 1
    uncertainty: bool = False
    distill: float = 0.0
    distill_temperature: float = 2.0
    contrastive: float = 0.0
    contrastive_temperature: float = 0.3


class Objective(nn.Module):
    """Loss of a batch.

    Args:
        losses: task → loss on (logits, targets).
        weights: task → share of its loss in the sum.
        kinds: task → single, ordinal or multi.
        extras: recipes.
        counts: task → how much each row counts in its loss; by default each labelled row alike.
    """

    def __init__(
        self,
        losses: Mapping[str, Loss],
        weights: Mapping[str, float],
        kinds: Mapping[str, str] | None = None,
        extras: Extras | None = None,
        counts: Mapping[str, Counts] | None = None,
    ) -> None:
        super().__init__()
        self.counts = dict(counts or {})
        self.losses, self.weights, self.kinds = dict(losses), dict(weights), dict(kinds or {})
        self.extras = extras or Extras()
        self.uncertainty = UncertaintyWeights(list(self.losses)) if self.extras.uncertainty else None

    def each(self, logits: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> Losses:
        """Plain loss of each task."""
        return {task: self.losses[task](logits[task], targets[task]) for task in logits}

    def total(self, each: Mapping[str, Tensor]) -> Tensor:
        """The tasks' weighted sum."""
        weighted = {task: self.weights[task] * loss for task, loss in each.items()}
        return self.uncertainty(weighted) if self.uncertainty is not None else torch.stack([*weighted.values()]).sum()

    def forward(self, model: MultiTaskClassifier, batch: Batch) -> tuple[Tensor, Losses]:
        """What to minimise, and the plain loss of each task."""
        loss, each = self._pass(model, batch)
        if self.extras.fgm:
            table = model.encoder.get_input_embeddings()
            loss = loss + adversarial_loss(loss, table, lambda: self._pass(model, batch)[0], self.extras.fgm)
        return loss, each

    def _pass(self, model: MultiTaskClassifier, batch: Batch) -> tuple[Tensor, Losses]:
        """Loss of one look at the batch; under R-Drop of two."""
        inputs = batch.ids_BL, batch.mask_BL, batch.types_BL
        pooled_BP, words = model.embed(*inputs), model.words(*inputs)
        logits, each = self._sampled(model, pooled_BP, words, batch)
        if not self.extras.rdrop:
            return self.total(each), each
        # Without dropout inside the encoder a second pass would give the same vectors.
        if drops_inside(model.encoder):
            pooled_BP = model.embed(*inputs)
        second, others = self._sampled(model, pooled_BP, words, batch)
        apart = torch.stack([disagreement(logits[task], second[task], self.kinds[task]) for task in logits]).sum()
        return 0.5 * (self.total(each) + self.total(others)) + batch.row_share * self.extras.rdrop * apart, each

    def _sampled(
        self, model: MultiTaskClassifier, pooled_BP: Tensor, words: Mapping[str, Tensor] | None, batch: Batch
    ) -> tuple[dict[str, Tensor], Losses]:
        """Logits under the last dropout mask, and each task's loss averaged over the masks.

        Words learn to answer by themselves, and so do the heads: in the sum of both, whichever fits the training rows
        first would leave the other nothing to learn.
        """
        masks = range(self.extras.dropout_samples)
        heads = [model.answer(pooled_BP) for _ in masks]
        each = _mean([self._labelled(own, batch) for own in heads])
        if words is not None:
            each = _mean([each, self._labelled(words, batch)])
        return model.together(heads[-1], words), self._contrasted(each, model, pooled_BP, batch)

    def _labelled(self, logits: Mapping[str, Tensor], batch: Batch) -> Losses:
        """Loss against the labels, and against what a teacher says where there is one; as much as the batch counts."""
        if batch.weights_B is None:
            each = self.each(logits, batch.targets)
        else:
            pairs = {task: (logits[task], batch.targets[task]) for task in logits}
            each = {task: weighted(self.losses[task], *pair, batch.weights_B) for task, pair in pairs.items()}
        for task, own in batch.shares.items():
            each[task] = own * each[task]
        share = self.extras.distill
        for task, teacher_BC in batch.teacher.items():
            apart = distillation(logits[task], teacher_BC, self.kinds[task], self.extras.distill_temperature)
            each[task] = (1.0 - share) * each[task] + batch.row_share * share * apart
        return each

    def _contrasted(self, each: Losses, model: MultiTaskClassifier, pooled_BP: Tensor, batch: Batch) -> Losses:
        """The losses, with the contrastive one's share in each."""
        share = self.extras.contrastive
        if not share:
            return each
        vectors_BP = model.scaled(pooled_BP)
        apart = {
            task: contrastive(vectors_BP, batch.targets[task], self.extras.contrastive_temperature) for task in each
        }
        return {task: (1.0 - share) * each[task] + batch.row_share * share * apart[task] for task in each}


def _mean(rounds: Sequence[Losses]) -> Losses:
    return {task: torch.stack([one[task] for one in rounds]).mean() for task in rounds[0]}


def drops_inside(encoder: nn.Module) -> bool:
    """Whether an encoder in training mode draws dropout masks."""
    config = encoder.config
    rates = [
        value for name, value in config.to_dict().items() if "dropout" in name and not name.startswith("classifier")
    ]
    return encoder.training and any(isinstance(rate, float) and rate > 0 for rate in rates)
