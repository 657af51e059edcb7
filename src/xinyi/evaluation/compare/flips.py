"""Rows that two models answer differently, grouped by what the answer turned from and into."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.evaluation.compare.ngrams import telling_ngrams
from xinyi.evaluation.paired.match import Decided, Pair

# Longer texts are cut: a reader looks at many.
SHOWN = 120
NOTHING = "(none)"
WON, LOST, MOVED = "won", "lost", "moved"


def flips(pair: Pair, texts: Sequence[str] | None, groups: int = 10, examples: int = 3) -> dict[str, Any]:
    """{won, lost, moved: {rows, groups, ngrams}}.

    won: only the candidate is right; lost: only the champion is; moved: both wrong, differently.

    Args:
        texts: one masked text a row of the pair; None leaves examples and n-grams out.
        groups: label pairs shown, the most frequent first. examples: rows shown of each.
    """
    return {way: _way(pair, rows, texts, groups, examples) for way, rows in _ways(pair).items()}


def _ways(pair: Pair) -> dict[str, NDArray[np.int64]]:
    ours, theirs = (_right(pair, side) for side in (pair.candidate, pair.champion))
    other = pair.candidate.predicted != pair.champion.predicted
    changed = other.any(axis=1) if other.ndim == 2 else other
    masks = {WON: ours & ~theirs, LOST: theirs & ~ours, MOVED: changed & ~ours & ~theirs}
    return {way: np.flatnonzero(mask) for way, mask in masks.items()}


def _right(pair: Pair, side: Decided) -> NDArray[np.bool_]:
    same = pair.gold == side.predicted
    return same.all(axis=1) if same.ndim == 2 else same


def _way(pair: Pair, rows: NDArray, texts: Sequence[str] | None, groups: int, examples: int) -> dict[str, Any]:
    found: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for row in rows.tolist():
        found[_turn(pair, row)].append(row)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))[:groups]
    ngrams = telling_ngrams(texts, rows.tolist()) if texts is not None else []
    return {
        "rows": len(rows),
        "groups": [_group(pair, turn, own, texts, examples) for turn, own in ordered],
        "ngrams": [vars(ngram) for ngram in ngrams],
    }


def _turn(pair: Pair, row: int) -> tuple[str, str, str]:
    """Gold answer, the champion's, the candidate's."""
    sides = (pair.gold, pair.champion.predicted, pair.candidate.predicted)
    gold, before, after = (_name(pair, values[row]) for values in sides)
    return gold, before, after


def _name(pair: Pair, answer: NDArray | np.int64) -> str:
    if np.ndim(answer):
        return "+".join(pair.labels[label] for label in np.flatnonzero(answer)) or NOTHING
    return pair.labels[int(answer)]


def _group(
    pair: Pair, turn: tuple[str, str, str], rows: list[int], texts: Sequence[str] | None, examples: int
) -> dict[str, Any]:
    """One label pair with the rows of which the candidate is surest."""
    sure = pair.candidate.probs_BC.max(axis=1)
    first = sorted(rows, key=lambda row: -sure[row])[:examples] if texts is not None else []
    shown = [_cut(texts[row]) for row in first] if texts is not None else []
    return {"gold": turn[0], "before": turn[1], "after": turn[2], "rows": len(rows), "examples": shown}


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
