"""Which tokens are to be predicted: runs of Han characters, whole Latin words.

Runs rather than single characters (Joshi et al. 2020, SpanBERT; Cui et al. 2021): a single masked character of a
Chinese word is given away by its neighbours. Of the chosen tokens 80 % become [MASK], 10 % a random token, 10 % stay
(Devlin et al. 2019).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_SPECIAL, _OTHER, _IS_HAN, _CONTINUES = 0, 1, 2, 3
# Probability of runs of 1, 2, 3 and 4 characters: Chinese words.
_RUNS = (0.4, 0.35, 0.15, 0.1)
_MEAN_RUN = sum(n * p for n, p in enumerate(_RUNS, 1))
_LONGEST_WORD = 12


@dataclass(frozen=True)
class Masked:
    """What the model sees and what it is asked.

    ids: (B, L) with masks put in. positions: (M) of the asked tokens in the flattened batch. targets: (M) their ids.
    """

    ids: NDArray[np.int64]
    positions: NDArray[np.int64]
    targets: NDArray[np.int64]


class Masker:
    """Chooses tokens of batches.

    Args:
        tokenizer: its vocabulary tells Han characters and word pieces apart.
        rate: share of tokens to choose, in (0, 1).
    """

    def __init__(self, tokenizer: Tokenizer, rate: float) -> None:
        vocabulary = tokenizer.get_vocab(with_added_tokens=True)
        self.kinds = np.full(max(vocabulary.values()) + 1, _OTHER, np.int8)
        for token, i in vocabulary.items():
            if token.startswith("##"):
                self.kinds[i] = _CONTINUES
            elif len(token) == 1 and _HAN.match(token):
                self.kinds[i] = _IS_HAN
        special = [i for i, token in tokenizer.get_added_tokens_decoder().items() if token.special]
        self.kinds[special] = _SPECIAL
        self.mask_id = tokenizer.token_to_id("[MASK]") or tokenizer.token_to_id("<mask>")
        self.rate, self.ordinary = rate, np.flatnonzero(self.kinds != _SPECIAL)

    def __call__(self, ids_BL: NDArray[np.int64], rng: np.random.Generator) -> Masked:
        """Choose and mask; at least one token, if any can be."""
        chosen_BL = self._choose(self.kinds[ids_BL], rng)
        positions = np.flatnonzero(chosen_BL)
        flat = ids_BL.reshape(-1).copy()
        targets, fate = flat[positions], rng.random(len(positions))
        flat[positions[fate < 0.8]] = self.mask_id
        noise = positions[fate >= 0.9]
        flat[noise] = rng.choice(self.ordinary, len(noise))
        return Masked(flat.reshape(ids_BL.shape), positions, targets)

    def _choose(self, kinds_BL: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.bool_]:
        """True where a token is to be predicted."""
        han_BL, able_BL = kinds_BL == _IS_HAN, kinds_BL != _SPECIAL
        # A run covers several Han characters (fewer than drawn where runs meet or Han ends) but one token of any other
        # kind; both are to be chosen at one rate.
        start_BL = rng.random(kinds_BL.shape) < self.rate / np.where(han_BL, 0.85 * _MEAN_RUN, 1.0)
        chosen_BL = start_BL & able_BL
        run_BL = rng.choice(len(_RUNS), kinds_BL.shape, p=_RUNS) * (start_BL & han_BL)
        going_BL = start_BL & han_BL
        for more in range(1, len(_RUNS)):
            going_BL = going_BL[:, :-1] & han_BL[:, more:] & (run_BL[:, : kinds_BL.shape[1] - more] >= more)
            chosen_BL[:, more:] |= going_BL
        if not chosen_BL.any() and able_BL.any():  # a few short rows: else there would be nothing to learn from them
            chosen_BL.flat[rng.choice(np.flatnonzero(able_BL))] = True
        return _whole_words(chosen_BL, kinds_BL == _CONTINUES)


def _whole_words(chosen_BL: NDArray[np.bool_], continues_BL: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Spread a choice over all pieces of its word."""
    inside_BL = continues_BL[:, 1:]
    if not inside_BL.any():
        return chosen_BL
    for _ in range(_LONGEST_WORD):
        spread_BL = chosen_BL.copy()
        spread_BL[:, 1:] |= chosen_BL[:, :-1] & inside_BL
        spread_BL[:, :-1] |= chosen_BL[:, 1:] & inside_BL
        if (spread_BL == chosen_BL).all():
            break
        chosen_BL = spread_BL
    return chosen_BL
