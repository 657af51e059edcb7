"""Rows put into batches, and batches into steps."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pretraining_world import SPECIAL, some_rows, two_sources

from xinyi.errors import DataError
from xinyi.pretraining import store
from xinyi.pretraining.feed import NEAR, Feed, alike, fill, grouped, loose
from xinyi.pretraining.rows import one_pass


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return two_sources(tmp_path_factory.mktemp("feed"))


def test_batches_have_one_length_and_about_the_tokens(found):
    sources, settings = found
    rows = one_pass(sources, settings, 7, 0)
    batches = grouped(rows, 256, np.random.default_rng(0))
    for chosen in batches:
        assert len(set(rows.length[chosen].tolist())) == 1
        assert len(chosen) * rows.length[chosen[0]] == pytest.approx(256, rel=0.5)
    assert len({i for chosen in batches for i in chosen.tolist()}) == sum(map(len, batches))


@given(st.lists(st.tuples(st.integers(8, 80), st.booleans()), min_size=1, max_size=50), st.integers(0, 9))
def test_few_rows_are_all_used_and_hardly_shortened(drawn, seed):
    source, rows = some_rows(*zip(*drawn, strict=True))
    batches = loose(rows, 256, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(rows)))
    for batch in batches:
        ids_BL = fill([source], rows, batch, SPECIAL["cls"], SPECIAL["sep"])
        lengths = rows.length[batch]
        assert ids_BL.shape == (len(batch), lengths.min())
        assert ids_BL.size <= 256
        assert lengths.max() <= NEAR * lengths.min()
        assert (ids_BL[:, 0] == SPECIAL["cls"]).all()
        assert (ids_BL[:, -1] == SPECIAL["sep"]).all()
        for row, i in zip(ids_BL, batch, strict=True):
            kept = ids_BL.shape[1] - 2
            assert row[1:-1].tolist() == source.ids[rows.start[i] : rows.start[i] + kept].tolist()


def test_a_small_corpus_has_batches_and_an_empty_one_an_error(found):
    sources, settings = found
    lines = np.concatenate([[0], np.cumsum([9, 17, 12])])
    tiny = store.Source("tiny", np.arange(100, 138), lines, sources[0].ids[:0], np.array([0]))
    batches = list(islice(Feed([tiny], settings, 4096, SPECIAL, 7).batches(0, 1), 9))
    assert len(batches) == 9
    empty = store.Source("empty", np.arange(3), np.array([0, 3]), sources[0].ids[:0], np.array([0]))
    with pytest.raises(DataError, match="texts of at least"):
        next(Feed([empty], settings, 4096, SPECIAL, 7).batches(0, 1))


def test_ids_are_those_of_the_store_between_cls_and_sep(found):
    sources, settings = found
    feed = Feed(sources, settings, 256, SPECIAL, 7)
    joined = " ".join(" ".join(map(str, s.ids.tolist())) for s in sources)
    for ids_BL in islice(feed.batches(0, 1), 5):
        assert (ids_BL[:, 0] == 2).all()
        assert (ids_BL[:, -1] == 3).all()
        assert all(" ".join(map(str, row[1:-1])) in joined for row in ids_BL.tolist())


def test_processes_share_the_batches_and_a_later_start_skips(found):
    sources, settings = found

    def first(start: int, every: int, count: int) -> list:
        return [b.tolist() for b in islice(Feed(sources, settings, 256, SPECIAL, 7).batches(start, every), count)]

    one = first(0, 1, 400)  # several passes
    assert first(0, 2, 200) == one[0::2]
    assert first(1, 2, 200) == one[1::2]
    assert first(150, 1, 250) == one[150:]
    assert len({str(b) for b in one}) > 200


@given(st.lists(st.integers(8, 250), min_size=1, max_size=300), st.integers(1, 5), st.integers(0, 9))
def test_a_step_has_batches_of_like_length_and_none_twice(lengths, together, seed):
    _, rows = some_rows(lengths, [True] * len(lengths))
    drawn = [np.array([i]) for i in np.random.default_rng(seed).permutation(len(rows))]
    order = np.array([batch[0] for batch in alike(drawn, rows, together, np.random.default_rng(seed))], np.int64)
    assert len(set(order.tolist())) == len(order) == len(rows) // together * together
    spread = np.ptp(rows.length[order].reshape(-1, together), axis=1)
    before = np.ptp(rows.length[np.concatenate(drawn)[: len(order)]].reshape(-1, together), axis=1)
    if 16 * together >= len(rows) and len(order) == len(rows):  # one window: no order has less
        assert spread.sum() <= before.sum()


def test_the_order_of_steps_is_the_same_for_any_number_of_processes(found):
    sources, settings = found

    def first(start: int, every: int, count: int) -> list:
        feed = Feed(sources, settings, 256, SPECIAL, 7)
        return [b.tolist() for b in islice(feed.batches(start, every, together=4), count)]

    one = first(0, 1, 400)
    assert first(0, 2, 200) == one[0::2]
    assert first(3, 4, 100) == one[3::4]
    lengths = np.array([len(batch[0]) for batch in one]).reshape(-1, 4)
    assert np.ptp(lengths, axis=1).mean() < 0.3 * np.ptp(lengths)


def test_the_sources_of_a_step_are_those_of_its_batches(found):
    sources, settings = found
    feed = Feed(sources, settings, 256, SPECIAL, 7)
    batches = feed.batches(0, 1, 4)
    passes = len(feed._order(one_pass(sources, settings, 7, 0), 0, 4)) // 4
    for step in range(passes + 3):  # into the second pass
        held = feed.sources(4 * step, 4)
        assert sum(held.values()) == sum(len(next(batches)) for _ in range(4))
        assert set(held) <= {source.name for source in sources}
