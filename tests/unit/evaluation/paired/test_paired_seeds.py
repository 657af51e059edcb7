"""Paired differences over seeds against scipy's own test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from xinyi.evaluation.paired.seeds import SeedDifference, corrected, seed_difference

METRIC = st.floats(0.0, 1.0, allow_nan=False, width=32)


@given(st.lists(st.tuples(METRIC, METRIC), min_size=2, max_size=12))
def test_is_scipys_paired_t_test(pairs):
    base, other = (list(side) for side in zip(*pairs, strict=True))
    found = seed_difference(base, other)
    difference = np.subtract(other, base)
    assert found.mean == pytest.approx(float(difference.mean()))
    if difference.std() > 1e-9:
        expected = stats.ttest_rel(other, base)
        interval = expected.confidence_interval(0.95)
        assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
        assert found.p == pytest.approx(expected.pvalue)


@given(st.lists(st.tuples(METRIC, METRIC), min_size=2, max_size=8))
def test_swapped_sides_swap_the_sign(pairs):
    base, other = (list(side) for side in zip(*pairs, strict=True))
    one, two = seed_difference(base, other), seed_difference(other, base)
    assert one.mean == pytest.approx(-two.mean)
    assert (one.low, one.high) == pytest.approx((-two.high, -two.low))


def test_one_seed_has_no_interval():
    assert seed_difference([0.5], [0.6]) == SeedDifference(pytest.approx(0.1), None, None, None, 1)


@pytest.mark.parametrize(("base", "other"), [([], []), ([float("nan")], [0.5]), ([0.1, 0.2], [0.1, float("inf")])])
def test_refuses_what_cannot_be_compared(base, other):
    with pytest.raises(ValueError, match="finite metrics"):
        seed_difference(base, other)


def test_correction_skips_what_has_no_p_value():
    ones = [SeedDifference(0.0, 0.0, 0.0, p, 3) for p in (0.01, None, 0.04)]
    assert corrected(ones) == [pytest.approx(0.02), None, pytest.approx(0.04)]
