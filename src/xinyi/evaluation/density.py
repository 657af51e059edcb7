"""Mahalanobis confidence (Lee et al. 2018): how near a message's encoder vector lies to the vectors of some label.

One Gaussian a label with a common covariance, fitted on training rows. Shape letters: N training rows, B rows,
D vector size, C labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Shrinks the covariance towards a sphere, so that it can be inverted whatever the number of rows.
RIDGE = 1e-2


@dataclass(frozen=True, eq=False)
class Density:
    """means_CD: a label's mean vector (labels without rows are left out); whitening_DD: covariance^(-1/2)."""

    means_CD: NDArray[np.float64]
    whitening_DD: NDArray[np.float64]

    def score(self, vectors_BD: NDArray) -> NDArray[np.float64]:
        """Minus the squared distance to the nearest label's mean, in units of the common covariance; (B,)."""
        points_BD = np.asarray(vectors_BD, dtype=np.float64) @ self.whitening_DD
        means_CD = self.means_CD @ self.whitening_DD
        squares_BC = (points_BD**2).sum(1)[:, None] - 2.0 * points_BD @ means_CD.T + (means_CD**2).sum(1)[None]
        return -np.maximum(squares_BC, 0.0).min(axis=1)


def fit_density(vectors_ND: NDArray, gold: NDArray) -> Density | None:
    """Label means and the covariance within labels. gold: label indices (N,) or 0/1 (N, C); None without rows.

    Rows of a multi task count for every label they have; rows without a label are left out.
    """
    if gold.ndim == 2:
        rows, labels = np.nonzero(gold == 1)
    else:
        rows, labels = np.flatnonzero(gold >= 0), gold[gold >= 0]
    if not len(rows):
        return None
    points_ND = np.asarray(vectors_ND, dtype=np.float64)[rows]
    present, index_N, counts = np.unique(labels, return_inverse=True, return_counts=True)
    means_CD = np.zeros((len(present), points_ND.shape[1]))
    np.add.at(means_CD, index_N, points_ND)
    means_CD /= counts[:, None]
    spread_ND = points_ND - means_CD[index_N]
    cov_DD = spread_ND.T @ spread_ND / len(points_ND)
    cov_DD += RIDGE * max(np.trace(cov_DD) / len(cov_DD), 1e-12) * np.eye(len(cov_DD))
    values, vectors = np.linalg.eigh(cov_DD)
    return Density(means_CD, vectors @ np.diag(values**-0.5) @ vectors.T)
