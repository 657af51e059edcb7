"""What tokens and pairs of neighbouring tokens say by themselves: logits that are added to those of the heads.

The wide part beside a deep one of Cheng et al. 2016 (Wide & Deep Learning for Recommender Systems), over features like
fastText's (Joulin et al. 2017): an intent is often told by one word that a small encoder has hardly read. Pairs share
buckets by a hash (Weinberger et al. 2009, Feature Hashing for Large Scale Multitask Learning).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

BUCKETS = 32_749  # a prime, so that the remainder depends on every digit of the hash
_FACTOR = 4_099  # times a vocabulary of half a million still under 2³¹: some engines compute in 32 bits
_ROWS = 20_000  # of which features are counted at a time
RATE = 50.0  # times the heads' learning rate: each weight is that of one feature, whose logit is to move by whole units


class Lexical(nn.Module):
    """One row of logits for each token and each bucket of pairs. Nothing is said before anything was learnt.

    Args:
        vocabulary: number of token ids.
        sizes: task id → number of labels.
    """

    def __init__(self, vocabulary: int, sizes: Mapping[str, int]) -> None:
        super().__init__()
        self.vocabulary, self.sizes = vocabulary, dict(sizes)
        self.table = nn.Embedding(vocabulary + BUCKETS, sum(sizes.values()))
        nn.init.zeros_(self.table.weight)
        self.register_buffer("idf", torch.ones(vocabulary + BUCKETS))

    def measure(self, ids_N: NDArray, types_N: NDArray, offsets: NDArray) -> None:
        """Let tokens and pairs that few texts hold learn faster: by their inverse document frequency.

        ln((1 + n) / (1 + texts)) + 1 (Spärck Jones 1972, smoothed as scikit-learn does), divided by its mean over all
        occurrences, so that the learning rate keeps its meaning.

        Args:
            ids_N, types_N: tokens and segments of all texts in a row.
            offsets: where each text begins, and where the last one ends.
        """
        texts, occurrences = np.zeros(len(self.idf)), np.zeros(len(self.idf))
        for first in range(0, len(offsets) - 1, _ROWS):
            ends = offsets[first : first + _ROWS + 1]
            part = slice(ends[0], ends[-1])
            found, row = self._features(np.asarray(ids_N[part]), np.asarray(types_N[part]), np.diff(ends))
            occurrences += np.bincount(found, minlength=len(texts))
            once = np.unique(row * len(texts) + found) % len(texts)
            texts += np.bincount(once, minlength=len(texts))
        idf = np.log((1.0 + len(offsets) - 1) / (1.0 + texts)) + 1.0
        mean = float((idf * occurrences).sum() / max(1.0, occurrences.sum())) or 1.0
        self.idf.copy_(torch.from_numpy(idf / mean))

    def _features(self, ids_N: NDArray, types_N: NDArray, lengths: NDArray) -> tuple[NDArray, NDArray]:
        """Rows of the table that the messages of some texts take, and the number of the text for each."""
        row_N = np.repeat(np.arange(len(lengths)), lengths)
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        own_N = types_N == np.maximum.reduceat(types_N, starts)[row_N]
        ids = torch.from_numpy(ids_N.astype(np.int64))[None]
        pair_N = own_N[:-1] & own_N[1:] & (row_N[:-1] == row_N[1:])
        pairs = self.buckets(ids)[0].numpy()[pair_N]
        found = np.concatenate([ids_N[own_N].astype(np.int64), pairs])
        return found, np.concatenate([row_N[own_N], row_N[:-1][pair_N]])

    def fold(self) -> None:
        """Make what was measured part of the table, for good; the answers stay the same."""
        if self.idf is not None:
            with torch.no_grad():
                self.table.weight *= self.idf[:, None]
            self.idf = None

    def forward(self, ids_BL: Tensor, mask_BL: Tensor, types_BL: Tensor) -> dict[str, Tensor]:
        """Logits (B, C) of each task: sums over the message's tokens and pairs, divided by √tokens.

        Only the message counts, not the context in the first segment.
        """
        last_B1 = (types_BL * mask_BL).amax(1, keepdim=True)
        own_BL = (mask_BL * (types_BL == last_B1)).to(self.table.weight.dtype)
        said_BC = self._sum(ids_BL, own_BL) + self._sum(self.buckets(ids_BL), own_BL[:, :-1] * own_BL[:, 1:])
        said_BC = said_BC * own_BL.sum(1, keepdim=True).clamp(min=1.0).rsqrt()
        return dict(zip(self.sizes, said_BC.split(list(self.sizes.values()), -1), strict=True))

    def _sum(self, rows_BN: Tensor, own_BN: Tensor) -> Tensor:
        """Sum (B, C) of rows of the table, of those that count."""
        if self.idf is not None:
            own_BN = own_BN * self.idf[rows_BN]
        return (self.table(rows_BN) * own_BN.unsqueeze(-1)).sum(1)

    def buckets(self, ids_BL: Tensor) -> Tensor:
        """Row of the table (B, L - 1) for each token and its right neighbour."""
        return self.vocabulary + torch.remainder(ids_BL[:, :-1] * _FACTOR + ids_BL[:, 1:], BUCKETS)
