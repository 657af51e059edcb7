"""Cut sources into rows, and rows of equal length into batches: no token is padding, no attention mask is needed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from xinyi.errors import DataError, describe
from xinyi.pretraining.settings import CorpusSettings
from xinyi.pretraining.store import Source

# Lengths of one batch where rows are few: the longest by the shortest.
NEAR = 1.125


@dataclass(frozen=True)
class Rows:
    """Row i is [CLS] + ids[start:stop] of its source, + [SEP] where it was cut inside a line (`cut`).

    source (N), start (N), stop (N), cut (N); `length` counts all tokens of a row.
    """

    source: NDArray[np.int16]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    cut: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.start)

    @cached_property  # read for each row of each batch
    def length(self) -> NDArray[np.int64]:
        """Tokens in each row."""
        return 1 + self.stop - self.start + self.cut

    def take(self, chosen: NDArray) -> Rows:
        """Some of the rows."""
        return Rows(self.source[chosen], self.start[chosen], self.stop[chosen], self.cut[chosen])


def cut(lines: NDArray[np.int64], source: int, shortest: int, longest: int, rng: np.random.Generator) -> Rows:
    """Cut a source into rows of whole lines where they fit, of pieces where a line is too long.

    Each row has a room of its own, drawn log-uniformly from `shortest` to `longest`: short rows are as common as in
    customer messages, while long ones hold enough of the tokens. Pieces of fewer than half of `shortest` are dropped.

    Args:
        lines: where lines begin, and at last where the last one ends.
    """
    ends, at, last = lines.tolist(), int(lines[0]), int(lines[-1])
    starts, stops, cuts = [], [], []
    rooms = _rooms(shortest, longest, rng)
    while at < last:
        room = next(rooms)
        end = ends[bisect_right(ends, at + room - 1) - 1]
        inside = end <= at
        stop = min(at + room - 2, last) if inside else end
        if 1 + stop - at + inside >= shortest // 2:
            starts.append(at)
            stops.append(stop)
            cuts.append(inside)
        at = stop
    count = len(starts)
    return Rows(
        np.full(count, source, np.int16),
        np.array(starts, np.int64),
        np.array(stops, np.int64),
        np.array(cuts, np.bool_),
    )


def _rooms(shortest: int, longest: int, rng: np.random.Generator) -> Iterator[int]:
    low, high = np.log(shortest), np.log(longest + 1)
    while True:
        yield from np.exp(rng.uniform(low, high, 4096)).astype(np.int64).tolist()


def one_pass(found: Sequence[Source], settings: CorpusSettings, seed: int, number: int) -> Rows:
    """The rows of one pass over the mixture: a source of weight 2.5 is cut anew three times, the third time to half."""
    parts = []
    for i, source in enumerate(found):
        weight = settings.weights.get(source.name, 1.0)
        for copy in range(int(np.ceil(weight))):
            if len(source.lines) < 2:
                continue
            rng = np.random.default_rng([seed, number, i, copy])
            rows = cut(source.lines, i, settings.shortest, settings.longest, rng)
            share = min(1.0, weight - copy)
            parts.append(rows if share == 1.0 else rows.take(rng.random(len(rows)) < share))
    return _join(parts)


def _join(parts: Sequence[Rows]) -> Rows:
    return Rows(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("source", "start", "stop", "cut")))


def grouped(rows: Rows, tokens: int, rng: np.random.Generator, rests: bool = False) -> list[NDArray[np.int64]]:
    """Row numbers in batches of one length and about `tokens` tokens, in random order.

    rests: keep batches that are not full; in training they would weigh their rows more than others.
    """
    order = rng.permutation(len(rows))
    order = order[np.argsort(rows.length[order], kind="stable")]
    lengths = rows.length[order]
    batches = []
    for length in np.unique(lengths):
        same = order[np.searchsorted(lengths, length) : np.searchsorted(lengths, length, "right")]
        size = max(1, round(tokens / length))
        batches += [same[i : i + size] for i in range(0, len(same) if rests else len(same) - size + 1, size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def loose(rows: Rows, tokens: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Row numbers in batches of like length and at most about `tokens` tokens, in random order; for few rows.

    No row is left out; `fill` shortens each to the shortest of its batch, by at most a ninth.
    """
    order = rng.permutation(len(rows))
    order = order[np.argsort(rows.length[order], kind="stable")]
    lengths, batches, start = rows.length[order], [], 0
    while start < len(order):
        shortest = int(lengths[start])
        alike = int(np.searchsorted(lengths, NEAR * shortest, "right"))
        stop = min(alike, start + max(1, tokens // shortest))
        batches.append(order[start:stop])
        start = stop
    return [batches[i] for i in rng.permutation(len(batches))]


def fill(found: Sequence[Source], rows: Rows, chosen: NDArray, cls_id: int, sep_id: int) -> NDArray[np.int64]:
    """Token ids (B, L) of rows; L is the shortest row's length, and longer ones lose their end."""
    length = int(rows.length[chosen].min())
    ids_BL = np.full((len(chosen), length), sep_id, np.int64)
    ids_BL[:, 0] = cls_id
    for row, i in enumerate(chosen):
        start, stop = rows.start[i], rows.stop[i]
        if rows.length[i] > length:
            stop = start + length - 2  # and [SEP], which is there already
        ids_BL[row, 1 : 1 + stop - start] = found[rows.source[i]].ids[start:stop]
    return ids_BL


class Feed:
    """All batches of a run, one pass after another, in an order that only the seed decides.

    Args:
        found: the store's sources.
        settings: weights and lengths.
        tokens: of one batch.
        special: ids of [CLS] and [SEP].
    """

    def __init__(
        self, found: Sequence[Source], settings: CorpusSettings, tokens: int, special: Mapping[str, int], seed: int
    ) -> None:
        self.found, self.settings, self.tokens, self.special, self.seed = found, settings, tokens, special, seed

    def batches(self, first: int, every: int) -> Iterator[NDArray[np.int64]]:
        """Ids (B, L) of batch `first`, then of each `every`-th after it, without end.

        Raises:
            DataError: no text is long enough for a row.
        """
        number, index, wanted = 0, 0, first
        while True:
            rows = one_pass(self.found, self.settings, self.seed, number)
            if not len(rows):
                expected = f"texts of at least {self.settings.shortest // 2} tokens"
                raise DataError([describe(expected, "none", "give more or longer texts", "data.files")])
            order = grouped(rows, self.tokens, np.random.default_rng([self.seed, number]))
            if 2 * sum(map(len, order)) < len(rows):  # a small corpus: most lengths have too few rows for a batch
                order = loose(rows, self.tokens, np.random.default_rng([self.seed, number]))
            while wanted - index < len(order):
                yield fill(self.found, rows, order[wanted - index], self.special["cls"], self.special["sep"])
                wanted += every
            number, index = number + 1, index + len(order)
