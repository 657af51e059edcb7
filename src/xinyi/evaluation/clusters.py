"""How many independent rows a share of dependent ones is worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# From fewer conversations their spread cannot be told; each then counts as one row.
LEAST = 10


def effective_rows(hit_B: NDArray[np.bool_], unit_B: NDArray[np.int64]) -> float:
    """Independent rows that would show the share of hits as surely as these rows do; at most as many as there are.

    Rows over the design effect (Kish 1965), whose variance is that of a ratio over whole conversations. Where rows are
    all or never hits, or of few conversations, the number of conversations.

    Args:
        hit_B: of each row. unit_B: number of its conversation.
    """
    n = len(hit_B)
    units, place_B = np.unique(unit_B, return_inverse=True)
    share = float(hit_B.mean()) if n else 0.0
    if len(units) in (n, 0):
        return float(n)
    if len(units) < LEAST or share in (0.0, 1.0):
        return float(len(units))
    # Each conversation's pull on the share (Cochran 1977, ratio estimate).
    pull_U = np.bincount(place_B, weights=hit_B - share)
    variance = len(units) / (len(units) - 1) * float((pull_U**2).sum()) / n**2
    return min(float(n), share * (1.0 - share) / variance) if variance > 0.0 else float(n)
