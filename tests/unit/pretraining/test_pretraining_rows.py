"""Rows and batches."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pretraining_world import TOKENIZER, corpus_settings, write_corpus

from xinyi.errors import DataError
from xinyi.pretraining import store
from xinyi.pretraining.rows import NEAR, Feed, Rows, cut, fill, grouped, loose, one_pass

SPECIAL = {"cls": 2, "sep": 3}


def some_rows(lengths, cuts):
    """Rows of these lengths, one after the other in one source; ids count from 100, and a line ends with [SEP]."""
    sizes = np.array(lengths) - 1 - np.array(cuts)
    stops = np.cumsum(sizes)
    ids = np.arange(100, 100 + stops[-1])
    ids[(stops - 1)[~np.array(cuts)]] = SPECIAL["sep"]
    source = store.Source("one", ids, np.array([0, stops[-1]]), ids[:0], np.array([0]))
    return source, Rows(np.zeros(len(sizes), np.int16), stops - sizes, stops, np.array(cuts))


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
    folder = tmp_path_factory.mktemp("rows") / "corpus"
    write_corpus(folder)
    settings = corpus_settings(folder, weights={"short": 2.5})
    store.build(settings, TOKENIZER, 1)
    return store.read(settings), settings


def test_weights_are_passes(found):
    sources, settings = found
    rows = one_pass(sources, settings, 7, 0)
    tokens = [int((rows.stop - rows.start)[rows.source == i].sum()) / len(s.ids) for i, s in enumerate(sources)]
    assert [s.name for s in sources] == ["long", "short"]
    assert tokens[0] == pytest.approx(1.0, abs=0.05)
    assert tokens[1] == pytest.approx(2.5, abs=0.25)


def test_batches_have_one_length_and_about_the_tokens(found):
    sources, settings = found
    rows = one_pass(sources, settings, 7, 0)
    batches = grouped(rows, 256, np.random.default_rng(0))
    for chosen in batches:
        assert len(set(rows.length[chosen].tolist())) == 1
        assert len(chosen) * rows.length[chosen[0]] == pytest.approx(256, rel=0.5)
    assert len({i for chosen in batches for i in chosen.tolist()}) == sum(map(len, batches))


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


def test_lengths_are_counted_once_for_all_batches():
    _, rows = some_rows([9, 12], [True, False])
    assert rows.length.tolist() == [9, 12]
    assert rows.length is rows.length
    assert rows.take(np.array([1])).length.tolist() == [12]
