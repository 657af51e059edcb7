"""Which tokens are asked for."""

from __future__ import annotations

import numpy as np
import pytest
from pretraining_world import tokenizer

from xinyi.pretraining.masking import Masker


@pytest.fixture(scope="module")
def masker() -> Masker:
    return Masker(tokenizer(), 0.2)


def _ids(text: str, rows: int) -> np.ndarray:
    row = tokenizer().encode(text).ids
    return np.array([row] * rows)


@pytest.mark.parametrize(
    "text",
    ["这个空调制冷很快，就是声音有点大，客服说明天给我换一台新的", "ok 123 [泪] !!! 😀😀 ，。", "wifi router reset"],
)
def test_rate_is_as_asked_for_every_kind_of_text(masker, text):
    ids = _ids(text, 3000)
    masked = masker(ids, np.random.default_rng(0))
    ordinary = ids.size - 2 * len(ids)
    assert len(masked.positions) / ordinary == pytest.approx(0.2, abs=0.03 if "wifi" not in text else 0.2)


def test_special_tokens_are_never_chosen_and_targets_are_what_stood_there(masker):
    ids = _ids("退款什么时候到账", 500)
    masked = masker(ids, np.random.default_rng(1))
    flat = ids.reshape(-1)
    assert not set(flat[masked.positions].tolist()) & {0, 2, 3}
    assert (flat[masked.positions] == masked.targets).all()
    untouched = np.setdiff1d(np.arange(flat.size), masked.positions)
    assert (masked.ids.reshape(-1)[untouched] == flat[untouched]).all()


def test_eight_of_ten_become_the_mask_one_stays(masker):
    masked = masker(_ids("退款什么时候到账退款什么时候到账", 4000), np.random.default_rng(2))
    seen = masked.ids.reshape(-1)[masked.positions]
    assert (seen == masker.mask_id).mean() == pytest.approx(0.8, abs=0.01)
    assert (seen == masked.targets).mean() == pytest.approx(0.1, abs=0.01)


def test_latin_words_are_chosen_whole(masker):
    encode = tokenizer()
    ids = _ids("冰箱 refrigerator 坏了", 2000)
    pieces = [
        i
        for i, token in enumerate(encode.encode("冰箱 refrigerator 坏了").tokens)
        if token.isascii() and "[" not in token
    ]
    assert len(pieces) > 1
    chosen = np.zeros(ids.shape, bool)
    chosen.reshape(-1)[masker(ids, np.random.default_rng(3)).positions] = True
    assert set(chosen[:, pieces].sum(axis=1).tolist()) == {0, len(pieces)}


def test_runs_of_han_characters_are_longer_than_chance(masker):
    ids = _ids("客服说明天给我换一台新的空调还送一个遥控器", 2000)
    chosen = np.zeros(ids.shape, bool)
    chosen.reshape(-1)[masker(ids, np.random.default_rng(4)).positions] = True
    inner = chosen[:, 1:-1]
    beside = (inner[:, 1:] & inner[:, :-1]).mean() / inner.mean()
    assert beside > 2 * inner.mean()


@pytest.mark.parametrize("text", ["好", "wifi", "退款了"])
def test_the_shortest_row_is_asked_for_something_in_every_draw(masker, text):
    ids = _ids(text, 1)
    for seed in range(60):
        masked = masker(ids, np.random.default_rng(seed))
        assert len(masked.positions) >= 1
        assert not set(masked.targets.tolist()) & {0, 2, 3}


def test_a_row_of_special_tokens_alone_is_asked_for_nothing(masker):
    assert len(masker(np.array([[2, 3]]), np.random.default_rng(0)).positions) == 0
