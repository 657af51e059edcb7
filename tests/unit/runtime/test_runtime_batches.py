from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xinyi.runtime import batches as room


@given(st.lists(st.integers(2, 600), max_size=200), st.integers(1, 5000))
def test_each_row_is_in_one_batch_within_the_budget(lengths: list[int], tokens: int) -> None:
    sizes = np.array(lengths, dtype=np.int64)
    parts = list(room.batches(sizes, tokens))
    assert sorted(int(row) for part in parts for row in part) == list(range(len(lengths)))
    assert all(len(part) == 1 or len(part) * sizes[part].max() <= tokens for part in parts)


@given(st.lists(st.integers(0, 300_000), max_size=40))
def test_chunks_cover_all_texts_and_stay_small(sizes: list[int]) -> None:
    texts = ["x" * size for size in sizes]
    parts = list(room.chunks(texts, [""] * len(texts)))
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(len(texts)))
    for part in parts:
        assert part.stop - part.start == 1 or sum(sizes[part]) <= room.CHUNK_CHARACTERS


def test_chunks_are_bounded_in_number() -> None:
    assert max(part.stop - part.start for part in room.chunks(["x"] * 5000, [""] * 5000)) == room.CHUNK_TEXTS
