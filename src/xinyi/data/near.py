"""Near-duplicate texts: MinHash (Broder 1997) over three neighbouring characters, then the real Jaccard similarity.

Texts below `SHORTEST` characters are left alone: 好的 twice is no leak. Memory grows by 128 bytes a text, and time is
linear in the texts, because a text is compared with at most `MOST_CANDIDATES` others of each band.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

SHORTEST, GRAM = 10, 3
ALIKE = 0.7
# 16 bands of 4: a pair with a Jaccard similarity of 0.7 is missed once in 80 times, one of 0.8 once in 4,000.
PERMUTATIONS, BANDS = 64, 16
MOST_CANDIDATES = 8
_CHUNK = 8192
_SEED = 7


def earlier_alike(texts: pa.ChunkedArray) -> NDArray[np.int64]:
    """For each text the row of an earlier one that is nearly the same, or -1. Exact repeats are -1."""
    return _alike(texts, texts, within=True)


def alike_in(base: pa.ChunkedArray, texts: pa.ChunkedArray) -> NDArray[np.int64]:
    """For each of `texts` the row of `base` that is nearly or exactly the same, or -1."""
    return _alike(base, texts, within=False)


def jaccard(first: str, second: str) -> float:
    """The share of the two texts' pieces of three characters that both have, 0 to 1."""
    one, two = _grams(first), _grams(second)
    return len(one & two) / max(1, len(one | two))


def _grams(text: str) -> set[str]:
    return {text[i : i + GRAM] for i in range(len(text) - GRAM + 1)}


def _alike(base: pa.ChunkedArray, texts: pa.ChunkedArray, within: bool) -> NDArray[np.int64]:
    found = np.full(len(texts), -1, dtype=np.int64)
    if len(base) == 0 or len(texts) == 0:
        return found
    base_rows, base_bands = _sketches(base)
    rows, bands = (base_rows, base_bands) if within else _sketches(texts)
    for query, candidate in _candidates(base_bands, bands, within):
        row, other = int(rows[query]), int(base_rows[candidate])
        if found[row] >= 0:
            continue
        first, second = texts[row].as_py(), base[other].as_py()
        if first == second:
            found[row] = -1 if within else other
        elif jaccard(first, second) >= ALIKE:
            found[row] = other
    return found


def _sketches(texts: pa.ChunkedArray) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Rows of the different texts that are long enough (first occurrences), and their band hashes, rows × BANDS."""
    rows: list[NDArray[np.int64]] = []
    bands: list[NDArray[np.uint64]] = []
    for start, chunk in _chunks(texts):
        long = [i for i, text in enumerate(chunk) if text is not None and len(text) >= SHORTEST]
        if long:
            rows.append(np.array(long, dtype=np.int64) + start)
            bands.append(_bands([chunk[i] for i in long]))
    if not rows:
        return np.zeros(0, dtype=np.int64), np.zeros((0, BANDS), dtype=np.uint64)
    return np.concatenate(rows), np.concatenate(bands)


def _chunks(texts: pa.ChunkedArray) -> Iterator[tuple[int, list[str]]]:
    for start in range(0, len(texts), _CHUNK):
        yield start, texts.slice(start, _CHUNK).to_pylist()


def _bands(texts: Sequence[str]) -> NDArray[np.uint64]:
    from rensa import RMinHash

    hashes, offsets = _hashes(texts)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets, PERMUTATIONS, _SEED)
    digests = np.array(matrix.to_rows(), dtype=np.uint64).reshape(len(texts), BANDS, -1)
    mixed = np.full((len(texts), BANDS), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for column in range(digests.shape[2]):
        mixed = _mix(mixed ^ digests[:, :, column])
    return mixed


def _hashes(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Hashes of the pieces of all texts one after the other, and where each text's begin (one more than texts)."""
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    pieces = points[:-2] | points[1:-1] << np.uint64(21) | points[2:] << np.uint64(42)
    ends = np.cumsum(lengths)
    inside = np.ones(len(pieces), dtype=bool)
    for back in (1, 2):
        inside[ends[:-1] - back] = False
    offsets = np.concatenate([[0], np.cumsum(lengths - GRAM + 1)]).astype(np.uint64)
    return _mix(pieces[inside]), offsets


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): neighbouring numbers become far apart."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _candidates(base: NDArray[np.uint64], query: NDArray[np.uint64], within: bool) -> Iterator[tuple[int, int]]:
    """Pairs (query row, base row) that share a band; within one table only pairs with an earlier base row."""
    for band in range(BANDS):
        order = np.argsort(base[:, band], kind="stable")
        keys = base[order, band]
        left = np.searchsorted(keys, query[:, band], side="left")
        right = np.searchsorted(keys, query[:, band], side="right")
        for row in np.flatnonzero(right > left + int(within)):
            for place in range(left[row], min(right[row], left[row] + MOST_CANDIDATES)):
                other = int(order[place])
                if not within or other < row:
                    yield int(row), other
