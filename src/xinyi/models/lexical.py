"""What tokens and pairs of neighbouring tokens say by themselves: logits that are added to those of the heads.

The wide part beside a deep one of Cheng et al. 2016 (Wide & Deep Learning for Recommender Systems), over features like
fastText's (Joulin et al. 2017): an intent is often told by one word that a small encoder has hardly read. Pairs share
buckets by a hash (Weinberger et al. 2009, Feature Hashing for Large Scale Multitask Learning).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

BUCKETS = 32_749  # a prime, so that the remainder depends on every digit of the hash
_FACTOR = 4_099  # times a vocabulary of half a million still under 2³¹: some engines compute in 32 bits
_RATE = 2.0  # adaptive optimisers move each weight by the learning rate; new weights should move faster


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

    def forward(self, ids_BL: Tensor, mask_BL: Tensor, types_BL: Tensor) -> dict[str, Tensor]:
        """Logits (B, C) of each task: sums over the message's tokens and pairs, divided by √tokens.

        Only the message counts, not the context in the first segment.
        """
        last_B1 = (types_BL * mask_BL).amax(1, keepdim=True)
        own_BL1 = (mask_BL * (types_BL == last_B1)).unsqueeze(-1).to(self.table.weight.dtype)
        single_BC = (self.table(ids_BL) * own_BL1).sum(1)
        pairs_BC = (self.table(self.buckets(ids_BL)) * (own_BL1[:, :-1] * own_BL1[:, 1:])).sum(1)
        said_BC = _RATE * (single_BC + pairs_BC) * own_BL1.sum(1).clamp(min=1.0).rsqrt()
        return dict(zip(self.sizes, said_BC.split(list(self.sizes.values()), -1), strict=True))

    def buckets(self, ids_BL: Tensor) -> Tensor:
        """Row of the table (B, L - 1) for each token and its right neighbour."""
        return self.vocabulary + torch.remainder(ids_BL[:, :-1] * _FACTOR + ids_BL[:, 1:], BUCKETS)
