"""Loss and accuracy on held-out lines of each source, always the same rows and the same masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import distributed

from xinyi.pretraining.feed import fill, grouped
from xinyi.pretraining.masking import Masker
from xinyi.pretraining.objective import MaskedLoss
from xinyi.pretraining.rows import cut
from xinyi.pretraining.settings import CorpusSettings
from xinyi.pretraining.store import Source

_TOKENS = 24_000  # of one source, at most
_BATCH = 1024  # tokens of one batch, at most


class HeldOut:
    """Evaluates a model on held-out lines; with several processes each takes its share of the batches.

    Args:
        found: the store's sources.
        special: ids of [CLS] and [SEP].
    """

    def __init__(
        self, found: Sequence[Source], settings: CorpusSettings, special: Mapping[str, int], masker: Masker
    ) -> None:
        self.names = [source.name for source in found]
        self.batches = [self._batches(i, source, settings, special, masker) for i, source in enumerate(found)]

    @staticmethod
    def _batches(
        number: int, source: Source, settings: CorpusSettings, special: Mapping[str, int], masker: Masker
    ) -> list[tuple[torch.Tensor, ...]]:
        rng = np.random.default_rng([0, number])
        rows = cut(source.held_lines, 0, settings.shortest, settings.longest, rng)
        held = [Source(source.name, source.held_ids, source.held_lines, source.held_ids, source.held_lines)]
        made, left = [], _TOKENS
        for chosen in grouped(rows, _BATCH, rng, rests=True):
            masked = masker(fill(held, rows, chosen, special["cls"], special["sep"]), rng)
            if len(masked.positions) and left > 0:
                made.append(tuple(torch.from_numpy(a) for a in (masked.ids, masked.positions, masked.targets)))
                left -= masked.ids.size
        return made

    @torch.no_grad()
    def __call__(self, objective: MaskedLoss, device: torch.device) -> dict[str, dict[str, float]]:
        """Source → {loss (nats), accuracy, masked (how many)}; the same on all processes, who all must call it."""
        rank, size = (distributed.get_rank(), distributed.get_world_size()) if distributed.is_initialized() else (0, 1)
        sums = torch.zeros(len(self.names), 3, dtype=torch.float64)
        for i, batches in enumerate(self.batches):
            for ids, positions, targets in batches[rank::size]:
                loss, hits = objective(ids.to(device), positions.to(device), targets.to(device))
                sums[i] += torch.tensor([float(loss) * len(targets), float(hits), len(targets)], dtype=torch.float64)
        if size > 1:
            sums = sums.to(device)  # where the processes' backend can add
            distributed.all_reduce(sums)
        return {
            name: {"loss": total / n, "accuracy": right / n, "masked": int(n)}
            for name, (total, right, n) in zip(self.names, sums.tolist(), strict=True)
            if n
        }
