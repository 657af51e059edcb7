from __future__ import annotations

import numpy as np
import pytest

from xinyi.runtime.compare import compare

BASE = np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25]])


def test_equal_probabilities_agree() -> None:
    assert compare(BASE, BASE.copy(), "single").difference == 0.0
    assert compare(BASE, BASE.copy(), "single").changed == ()


def test_another_decision_is_found() -> None:
    other = BASE[:, [1, 0, 2]]
    agreement = compare(BASE, other, "single")
    assert agreement.changed == (0, 1)
    assert agreement.difference == pytest.approx(0.5)


def test_multi_uses_the_thresholds() -> None:
    moved = BASE - np.array([[0.0, 0.0, 0.0], [0.0, 0.1, 0.0]])
    assert compare(BASE, moved, "multi", (0.5, 0.3, 0.5)).changed == (1,)
    assert compare(BASE, moved, "multi", (0.5, 0.5, 0.5)).changed == ()


def test_a_tie_may_turn_but_a_clear_decision_may_not() -> None:
    tie, turned = np.array([[0.5, 0.5 - 1e-9]]), np.array([[0.5 - 1e-9, 0.5]])
    assert compare(tie, turned, "single").changed == ()
    assert compare(tie, turned, "single", tie=1e-10).changed == (0,)


def test_nan_never_agrees() -> None:
    spoiled = BASE.copy()
    spoiled[0, 0] = np.nan
    assert compare(BASE, spoiled, "single").difference == float("inf")
