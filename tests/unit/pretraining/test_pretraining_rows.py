"""Sources cut into rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pretraining_world import some_rows, two_sources

from xinyi.pretraining.rows import cut, one_pass


@given(st.lists(st.integers(2, 300), min_size=1, max_size=60), st.integers(0, 10))
def test_rows_are_within_their_limits_and_in_order(lengths, seed):
    lines = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = cut(lines, 0, 16, 64, np.random.default_rng(seed))
    assert (rows.length <= 64).all()
    assert (rows.length >= 8).all()
    assert (rows.start[1:] >= rows.stop[:-1]).all()  # nothing twice
    ends = set(lines.tolist())
    assert all((stop in ends) or inside for stop, inside in zip(rows.stop.tolist(), rows.cut.tolist(), strict=True))


@given(st.lists(st.integers(10, 300), min_size=1, max_size=60))
def test_only_short_rests_are_left_out(lengths):
    lines = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = cut(lines, 0, 16, 64, np.random.default_rng(0))
    gaps = np.concatenate([rows.start, [lines[-1]]]) - np.concatenate([[0], rows.stop])
    assert (gaps >= 0).all()
    assert gaps.sum() <= 8 * len(lengths)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return two_sources(tmp_path_factory.mktemp("rows"))


def test_weights_are_passes(found):
    sources, settings = found
    rows = one_pass(sources, settings, 7, 0)
    tokens = [int((rows.stop - rows.start)[rows.source == i].sum()) / len(s.ids) for i, s in enumerate(sources)]
    assert [s.name for s in sources] == ["long", "short"]
    assert tokens[0] == pytest.approx(1.0, abs=0.05)
    assert tokens[1] == pytest.approx(2.5, abs=0.25)


def test_lengths_are_counted_once_for_all_batches():
    _, rows = some_rows([9, 12], [True, False])
    assert rows.length.tolist() == [9, 12]
    assert rows.length is rows.length
    assert rows.take(np.array([1])).length.tolist() == [12]
